//! A SHA-256 tree over the blocks of an image, with the leaves and nodes of RFC 6962 section 2.1: one block
//! can be checked without the others.

use sha2::{Digest as _, Sha256};

/// Bytes of a block; the last may have fewer.
pub const BLOCK_LEN: usize = 256;

/// The root of a tree.
pub type Root = [u8; 32];

/// The hashes of all blocks of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    leaves: Vec<Root>,
}

impl Tree {
    /// The tree over an image.
    #[must_use]
    pub fn of(image: &[u8]) -> Self {
        Self { leaves: image.chunks(BLOCK_LEN).map(leaf).collect() }
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Root {
        root(&self.leaves)
    }

    /// Blocks.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.leaves.len()
    }

    /// The first block of `image` that is not what it was when the tree was made; also one that was
    /// added or is missing.
    #[must_use]
    pub fn first_changed(&self, image: &[u8]) -> Option<usize> {
        let mut blocks = image.chunks(BLOCK_LEN);
        let changed = self.leaves.iter().position(|hash| blocks.next().map(leaf) != Some(*hash));
        changed.or_else(|| blocks.next().map(|_| self.leaves.len()))
    }
}

fn leaf(block: &[u8]) -> Root {
    Sha256::new().chain_update([0]).chain_update(block).finalize().into()
}

/// The left part is the largest power of two that is smaller than the whole.
fn root(leaves: &[Root]) -> Root {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let node = Sha256::new().chain_update([1]).chain_update(root(left));
            node.chain_update(root(right)).finalize().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Roots of the Certificate Transparency test tree's first leaves (RFC 6962).
    #[test]
    fn roots_are_those_of_rfc_6962() {
        assert!(hex(&Tree::of(b"").root()).starts_with("e3b0c44298fc1c14"));
        assert_eq!(
            hex(&root(&[leaf(b"")])),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(&root(&[leaf(b""), leaf(&[0])])),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            hex(&root(&[leaf(b""), leaf(&[0]), leaf(&[0x10])])),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
    }

    #[test]
    fn a_changed_added_or_missing_block_is_found() {
        let image = vec![7; 10 * BLOCK_LEN + 3];
        let tree = Tree::of(&image);
        assert_eq!((tree.blocks(), tree.first_changed(&image)), (11, None));
        let mut changed = image.clone();
        changed[5 * BLOCK_LEN + 9] ^= 1;
        assert_eq!(tree.first_changed(&changed), Some(5));
        assert_eq!(tree.first_changed(&image[..10 * BLOCK_LEN]), Some(10));
        let longer = [&image[..], &[7; 300]].concat();
        assert_eq!(tree.first_changed(&longer), Some(10), "the last block was not full");
        let full = vec![7; 2 * BLOCK_LEN];
        assert_eq!(Tree::of(&full).first_changed(&[&full[..], &[1]].concat()), Some(2));
    }
}
