/* One end of an association by wolfSSL over UDP on the loopback interface, for tests/interop/run:
 *
 *     wolfpeer server|client ke|dhe|p12 PORT [FLAGS]
 *
 * ke, dhe: DTLS 1.3; p12: DTLS 1.2 with PSK and AES-128-CCM-8. FLAGS: J no cookie, U update the keys after
 * the first data, R a second association by the ticket of the first, C connection IDs of 5 bytes. It says
 * "wolf established" or "wolf resumed", "wolf exporter HEX", with C "wolf cid enabled=1 rx=5 tx=N", and
 * "wolf got: TEXT", and sends back what it gets. This file is keystorm's; a program made of it and wolfSSL is under wolfSSL's licence. */

#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUITE "TLS13-AES128-GCM-SHA256"
#define SUITE_12 "PSK-AES128-CCM-8"
#define CONNECTION_ID "wolf5"
#define IDENTITY "Client_identity"
#define READS_MAX 6
#define SECONDS_MAX 20

static int is_server, is_12, has_id, has_dhe, has_cookie, has_update, has_resumption;
static struct sockaddr_in at;

static unsigned key_of(unsigned char *key)
{
    static const unsigned char part[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    for (int i = 0; i < 32; i++)
        key[i] = part[i % 8];
    return 32;
}

static unsigned server_key(WOLFSSL *ssl, const char *id, unsigned char *key, unsigned max, const char **suite)
{
    (void)ssl, (void)max;
    *suite = SUITE;
    return strcmp(id, IDENTITY) ? 0 : key_of(key);
}

static unsigned client_key(WOLFSSL *ssl, const char *hint, char *id, unsigned id_max, unsigned char *key,
                           unsigned max, const char **suite)
{
    (void)ssl, (void)hint, (void)max;
    snprintf(id, id_max, "%s", IDENTITY);
    *suite = SUITE;
    return key_of(key);
}

static unsigned server_key_12(WOLFSSL *ssl, const char *id, unsigned char *key, unsigned max)
{
    (void)ssl, (void)max;
    return strcmp(id, IDENTITY) ? 0 : key_of(key);
}

static unsigned client_key_12(WOLFSSL *ssl, const char *hint, char *id, unsigned id_max, unsigned char *key,
                              unsigned max)
{
    (void)ssl, (void)hint, (void)max;
    snprintf(id, id_max, "%s", IDENTITY);
    return key_of(key);
}

static void show_ids(WOLFSSL *ssl)
{
    unsigned ours = 0, theirs = 0;
    wolfSSL_dtls_cid_get_rx_size(ssl, &ours);
    wolfSSL_dtls_cid_get_tx_size(ssl, &theirs);
    printf("wolf cid enabled=%d rx=%u tx=%u\n", wolfSSL_dtls_cid_is_enabled(ssl), ours, theirs);
}

static void show_exported(WOLFSSL *ssl)
{
    unsigned char key[32];
    if (wolfSSL_export_keying_material(ssl, key, sizeof key, "EXPORTER-test", 13, NULL, 0, 0) != WOLFSSL_SUCCESS)
        return;
    printf("wolf exporter ");
    for (size_t i = 0; i < sizeof key; i++)
        printf("%02x", key[i]);
    printf("\n");
}

/* A socket to the peer: at a server, the one whose datagram comes next. */
static int open_socket(struct sockaddr_in *peer)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    char first;
    socklen_t len = sizeof *peer;
    *peer = at;
    if (is_server) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(fd, (void *)&at, sizeof at) || recvfrom(fd, &first, 1, MSG_PEEK, (void *)peer, &len) < 0)
            exit(1);
    }
    connect(fd, (void *)peer, sizeof *peer);
    return fd;
}

static void set_up(WOLFSSL *ssl)
{
    int group = WOLFSSL_ECC_X25519;
    if (is_server && !is_12 && !has_cookie)
        wolfSSL_disable_hrr_cookie(ssl);
    if (has_id) {
        wolfSSL_dtls_cid_use(ssl);
        wolfSSL_dtls_cid_set(ssl, (unsigned char *)CONNECTION_ID, sizeof CONNECTION_ID - 1);
    }
    if (has_dhe && !is_server)
        wolfSSL_UseKeyShare(ssl, group);
    if (has_dhe)
        wolfSSL_set_groups(ssl, &group, 1);
    wolfSSL_KeepArrays(ssl);
}

/* Echoes until the peer closes, or `reads` times. */
static void talk(WOLFSSL *ssl, int reads)
{
    char got[1024], answer[1100];
    if (!is_server)
        wolfSSL_write(ssl, "hello from wolf", 15);
    for (int i = 0; i < reads; i++) {
        int len = wolfSSL_read(ssl, got, sizeof got - 1);
        if (len <= 0) {
            printf("wolf read end %d\n", wolfSSL_get_error(ssl, len));
            return;
        }
        got[len] = 0;
        printf("wolf got: %s\n", got);
        if (has_update && i == 0)
            printf("wolf update %d\n", wolfSSL_update_keys(ssl));
        if (is_server || has_update) {
            int size = snprintf(answer, sizeof answer, "echo %s", got);
            wolfSSL_write(ssl, answer, size);
        }
    }
}

/* One association, by `session` if there is one; returns what can resume it. */
static WOLFSSL_SESSION *associate(WOLFSSL_CTX *context, WOLFSSL_SESSION *session)
{
    struct sockaddr_in peer;
    int fd = open_socket(&peer);
    WOLFSSL *ssl = wolfSSL_new(context);
    wolfSSL_set_fd(ssl, fd);
    wolfSSL_dtls_set_peer(ssl, &peer, sizeof peer);
    set_up(ssl);
    if (session)
        wolfSSL_set_session(ssl, session);
    int result = is_server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (result != WOLFSSL_SUCCESS) {
        printf("wolf handshake error %d\n", wolfSSL_get_error(ssl, result));
        exit(1);
    }
    /* A server calls every association with a PSK reused: only a client can tell them apart. */
    printf("wolf %s\n", session && wolfSSL_session_reused(ssl) ? "resumed" : "established");
    show_exported(ssl);
    if (has_id)
        show_ids(ssl);
    talk(ssl, has_resumption && !is_server ? 1 : READS_MAX);
    session = is_server ? NULL : wolfSSL_get1_session(ssl);
    wolfSSL_shutdown(ssl);
    wolfSSL_free(ssl);
    close(fd);
    return session;
}

/* Profile, key and mode of all associations. */
static WOLFSSL_CTX *context_13(void)
{
    WOLFSSL_CTX *context = wolfSSL_CTX_new(is_server ? wolfDTLSv1_3_server_method() : wolfDTLSv1_3_client_method());
    wolfSSL_CTX_set_cipher_list(context, SUITE);
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    if (is_server)
        wolfSSL_CTX_set_psk_server_tls13_callback(context, server_key);
    else
        wolfSSL_CTX_set_psk_client_tls13_callback(context, client_key);
    if (has_dhe)
        wolfSSL_CTX_only_dhe_psk(context);
    else
        wolfSSL_CTX_no_dhe_psk(context);
    return context;
}

static WOLFSSL_CTX *context_12(void)
{
    WOLFSSL_CTX *context = wolfSSL_CTX_new(is_server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
    wolfSSL_CTX_set_cipher_list(context, SUITE_12);
    if (is_server)
        wolfSSL_CTX_set_psk_server_callback(context, server_key_12);
    else
        wolfSSL_CTX_set_psk_client_callback(context, client_key_12);
    return context;
}

int main(int count, char **words)
{
    if (count < 4)
        return 2;
    const char *flags = count > 4 ? words[4] : "";
    is_server = !strcmp(words[1], "server");
    has_dhe = !strcmp(words[2], "dhe");
    is_12 = !strcmp(words[2], "p12");
    has_id = strchr(flags, 'C') != NULL;
    has_cookie = !strchr(flags, 'J');
    has_update = strchr(flags, 'U') != NULL;
    has_resumption = strchr(flags, 'R') != NULL;
    at.sin_family = AF_INET;
    at.sin_port = htons((unsigned short)atoi(words[3]));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    alarm(SECONDS_MAX);
    setvbuf(stdout, NULL, _IONBF, 0);
    wolfSSL_Init();
    WOLFSSL_CTX *context = is_12 ? context_12() : context_13();
    WOLFSSL_SESSION *session = associate(context, NULL);
    if (has_resumption)
        associate(context, session);
    return 0;
}
