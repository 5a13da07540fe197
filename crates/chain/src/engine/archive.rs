//! Where final blocks and their certificates are kept on disk.

use crate::block::{Block, BlockDigest, BlockLimits};
use commonware_consensus::simplex::{scheme::ed25519::Scheme, types::Finalization};
use commonware_cryptography::certificate::Verifier as _;
use commonware_runtime::{Supervisor as _, buffer::paged::CacheRef, tokio::Context};
use commonware_storage::archive::immutable;
use commonware_utils::{NZU64, NZUsize};
use std::num::NonZeroUsize;

pub(crate) type Certificates =
    immutable::Archive<Context, BlockDigest, Finalization<Scheme, BlockDigest>>;
pub(crate) type Blocks = immutable::Archive<Context, BlockDigest, std::sync::Arc<Block>>;

pub(crate) const WRITE_BUFFER: NonZeroUsize = NZUsize!(64 * 1024);
pub(crate) const REPLAY_BUFFER: NonZeroUsize = NZUsize!(1024 * 1024);

fn config<C>(name: &str, cache: &CacheRef, codec_config: C) -> immutable::Config<C> {
    immutable::Config {
        metadata_partition: format!("{name}-metadata"),
        freezer_table_partition: format!("{name}-table"),
        freezer_table_initial_size: 65_536,
        freezer_table_resize_frequency: 4,
        freezer_table_resize_chunk_size: 16_384,
        freezer_key_partition: format!("{name}-key"),
        freezer_key_page_cache: cache.clone(),
        freezer_value_partition: format!("{name}-value"),
        freezer_value_target_size: 256 << 20,
        freezer_value_compression: None,
        ordinal_partition: format!("{name}-ordinal"),
        items_per_section: NZU64!(65_536),
        freezer_key_write_buffer: WRITE_BUFFER,
        freezer_value_write_buffer: WRITE_BUFFER,
        ordinal_write_buffer: WRITE_BUFFER,
        replay_buffer: REPLAY_BUFFER,
        codec_config,
    }
}

/// Opens the archive of finalization certificates.
pub(crate) async fn certificates(context: &Context, cache: &CacheRef) -> Option<Certificates> {
    let codec = Scheme::certificate_codec_config_unbounded();
    let config = config("certificates", cache, codec);
    immutable::Archive::init(context.child("certificates"), config)
        .await
        .ok()
}

/// Opens the archive of blocks.
pub(crate) async fn blocks(
    context: &Context,
    cache: &CacheRef,
    limits: BlockLimits,
) -> Option<Blocks> {
    let config = config("blocks", cache, limits);
    immutable::Archive::init(context.child("blocks"), config)
        .await
        .ok()
}
