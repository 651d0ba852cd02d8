;; A parser of readings as it might have been written in a language without checked memory. It is wrong on
;; purpose: lengths are believed, one is checked in eight bits, groups nest without limit.
;;
;; A message is a row of elements, each a type and what the type says:
;;   1 name    length (1 byte), bytes        copied into 32 bytes
;;   2 note    length (2 bytes), bytes       copied into 64 bytes; its header is linked afterwards
;;   3 echo    count (1 byte)                the answer is so many bytes of the name
;;   4 group   count (1 byte, ignored)       elements follow
;;   5 skip    step (1 byte, signed)         goes on elsewhere
;;   6 peek    offset (4 bytes)              the answer is one byte of the name
;;
;; Memory: message at 4096 (1,024 bytes), lengths at 8064, name at 8192, behind it price (8224),
;; is_admin (8228), handler (8232), key (8236, 16 bytes); note at 8448, behind it its link (8512), and the
;; head of the list that the link leads to (8516); answer at 12288 (256 bytes).
(module
  (import "host" "record" (func $host_record (param i32)))
  (import "host" "unlock" (func $host_unlock))
  (memory (export "memory") 1 1)
  (type $handler (func))
  (table 2 2 funcref)
  (elem (i32.const 0) $record $unlock)
  (data (i32.const 8224) "\19\00\00\00")
  (data (i32.const 8512) "\44\21\00\00")

  ;; What a message is meant to lead to.
  (func $record (call $host_record (i32.load (i32.const 8224))))

  ;; For the technician at the device, never for a message.
  (func $unlock (call $host_unlock))

  (func $note_length (param $at i32) (result i32)
    (i32.or
      (i32.shl (i32.load8_u offset=1 (local.get $at)) (i32.const 8))
      (i32.load8_u offset=2 (local.get $at))))

  (func $parse (param $at i32) (param $end i32)
    (local $type i32) (local $length i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $type (i32.load8_u (local.get $at)))
        (local.set $length (i32.load8_u offset=1 (local.get $at)))
        (if (i32.eq (local.get $type) (i32.const 1)) (then
          ;; No look at the 32 bytes.
          (memory.copy (i32.const 8192) (i32.add (local.get $at) (i32.const 2)) (local.get $length))
          (i32.store (i32.const 8064) (local.get $length))
          (local.set $at (i32.add (local.get $at) (i32.add (local.get $length) (i32.const 2))))
          (br $next)))
        (if (i32.eq (local.get $type) (i32.const 2)) (then
          (local.set $length (call $note_length (local.get $at)))
          ;; The look at the 64 bytes, with 8 for a header, in eight bits: 256 + 8 is 8.
          (br_if $done (i32.gt_u
            (i32.and (i32.add (local.get $length) (i32.const 8)) (i32.const 255))
            (i32.const 72)))
          (memory.copy (i32.const 8448) (i32.add (local.get $at) (i32.const 3)) (local.get $length))
          (i32.store (i32.load (i32.const 8512)) (local.get $length))
          (local.set $at (i32.add (local.get $at) (i32.add (local.get $length) (i32.const 3))))
          (br $next)))
        (if (i32.eq (local.get $type) (i32.const 3)) (then
          ;; No look at the length of the name.
          (memory.copy (i32.const 12288) (i32.const 8192) (local.get $length))
          (i32.store (i32.const 8068) (local.get $length))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $next)))
        (if (i32.eq (local.get $type) (i32.const 4)) (then
          (call $parse (i32.add (local.get $at) (i32.const 2)) (local.get $end))
          (br $done)))
        (if (i32.eq (local.get $type) (i32.const 5)) (then
          (local.set $at (i32.add (local.get $at) (i32.extend8_s (local.get $length))))
          (br $next)))
        (if (i32.eq (local.get $type) (i32.const 6)) (then
          (i32.store8 (i32.const 12288)
            (i32.load8_u (i32.add (i32.const 8192) (i32.load offset=1 (local.get $at)))))
          (i32.store (i32.const 8068) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 5)))
          (br $next))))))

  (func (export "handle") (param $length i32)
    (i32.store (i32.const 8064) (i32.const 0))
    (i32.store (i32.const 8068) (i32.const 0))
    (call $parse (i32.const 4096) (i32.add (i32.const 4096) (local.get $length)))
    (call_indirect (type $handler) (i32.load (i32.const 8232)))
    (if (i32.load (i32.const 8228)) (then
      (memory.copy (i32.const 12288) (i32.const 8236) (i32.const 16))
      (i32.store (i32.const 8068) (i32.const 16)))))
)
