//! Links between real nodes on loopback.

mod calls;
mod nodes;
