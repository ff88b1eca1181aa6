"""Region packs: one process for everyone, and a file per region that sets what differs."""

from workflows.regions.loading import check_file, load_pack, pack_ids, pack_text, policy_of_pack
from workflows.regions.pack import Pack, Source

__all__ = ["Pack", "Source", "check_file", "load_pack", "pack_ids", "pack_text", "policy_of_pack"]
