"""Whether a file holds several run configs: cheap where it is no file of manifests."""

from __future__ import annotations

from llama_storage_tui.services.requests import LoadRequest, looks_like_manifest


def is_bundle(request: LoadRequest) -> bool:
    """Tell whether a request names a file of manifests with several run configs, none of which was chosen."""
    if request.key is not None or not looks_like_manifest(request.config):
        return False
    # Imported here: to look at a config that is no manifest must not pay for YAML.
    from llama_storage_tui.services.fleet.inputs import find_inputs

    return len(find_inputs((request.config,), request).requests) > 1
