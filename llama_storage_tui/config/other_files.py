"""Files that are no run config, or not yet: what each is, and what to give instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import yaml

from llama_storage_tui.config.document import ConfigDocument, get
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.next_steps import Advice, Help, Step

RUN_CONFIG_KEYS: Final = frozenset(
    {"providers", "storage", "apis", "image_name", "distro_name", "metadata_store"}
)
HELM_VALUES: Final = frozenset(
    {
        *(
            "affinity",
            "autoscaling",
            "fullnameOverride",
            "image",
            "imagePullSecrets",
            "ingress",
            "nameOverride",
        ),
        *("nodeSelector", "persistence", "podAnnotations", "podSecurityContext", "replicaCount", "resources"),
        *("securityContext", "service", "serviceAccount", "tolerations"),
    }
)
_BROKEN_KEYS: Final = re.compile(rf"^({'|'.join(sorted(RUN_CONFIG_KEYS))})[ \t]*:", re.MULTILINE)
_TAG: Final = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>")
_TAG_LINE: Final = re.compile(r"^[ \t]*(?:(?:\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>)[ \t]*)+$", re.MULTILINE)


def result_of(what: str, command: str) -> Advice:
    """Advise to have another program make the file, and to read what its command prints."""
    return Advice(f"{what} and read the result:", Step.READ_OUTPUT, command)


KUSTOMIZATION: Final[tuple[str, Help]] = ("a kustomization", result_of("Build it", "kubectl kustomize ."))


def other_file(name: str, what: str, help_: Help) -> ConfigError:
    """Return the error of a file that is something else than a run config; `help_` is what to give instead."""
    return ConfigError(f"{name} is {what}, not a run config", where=name, help=help_)


def is_manifest(data: object) -> bool:
    """Tell whether a document is a Kubernetes resource, or a list of them."""
    return isinstance(data, dict) and isinstance(data.get("kind"), str) and "apiVersion" in data


def looks_like_run_config(text: str) -> bool:
    """Tell whether a text is a run config, a broken one included."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A broken config is the likelier meaning of an entry that mentions its keys.
        return len(set(_BROKEN_KEYS.findall(text))) > 1
    return isinstance(data, dict) and len(RUN_CONFIG_KEYS & data.keys()) > 1


def refuse_other_files(document: ConfigDocument) -> None:
    """Raise ConfigError for a file that is known to be something else than a run config, with what to give instead."""
    data, name = document.data, document.name
    if not isinstance(data, dict):
        return
    stack = data.get("llama_stack", data.get("ogx"))
    if isinstance(stack, dict) and not {"providers", "storage"} & data.keys():
        raise _lightspeed(name, stack)
    services = data.get("services")
    if isinstance(services, dict) and not RUN_CONFIG_KEYS & data.keys():
        raise other_file(name, "a compose file", _compose_help(services, data.get("configs"), name))
    is_run_config = isinstance(data.get("providers"), dict | list) or len(RUN_CONFIG_KEYS & data.keys()) > 1
    if is_run_config:
        return
    if len(HELM_VALUES & data.keys()) > 1:
        render = result_of("Render the chart", f"helm template RELEASE CHART -f {name}")
        raise other_file(name, "a values file of a Helm chart", render)
    if data and not DISTINCTIVE_KEYS & data.keys():
        known = _what_it_is(data)
        if known is None:
            raise ConfigError(
                f"{name} is not a run config: it has none of its keys",
                where=name,
                help="A run config has version, apis, providers and storage, for example.",
            )
        raise other_file(name, *known)


DISTINCTIVE_KEYS: Final = RUN_CONFIG_KEYS | {
    *("registered_resources", "server", "inference_store", "conversations_store", "external_providers_dir"),
    *("models", "shields", "vector_dbs", "vector_stores", "tool_groups", "connectors", "container_image"),
}
"""A mapping with none of these says nothing that a server reads, whatever its version."""


def _what_it_is(data: Mapping[object, object]) -> tuple[str, Help] | None:
    """Name a mapping that has no key of a run config, with what to give instead; None for one that is not known."""
    if "distribution_spec" in data or "image_type" in data:
        return (
            "a build config",
            "Give the run config that the build makes: run.yaml or config.yaml in the same folder.",
        )
    if {"apiVersion", "name", "version"} <= data.keys():
        return "the Chart.yaml of a Helm chart", result_of("Render the chart", "helm template RELEASE CHART")
    if {"configMapGenerator", "secretGenerator", "resources", "patches", "bases"} & data.keys():
        return KUSTOMIZATION
    outputs = {
        str(key): value["value"]
        for key, value in data.items()
        if isinstance(value, dict) and {"sensitive", "value"} <= value.keys()
    }
    if outputs and len(outputs) == len(data):
        held = next((key for key, value in outputs.items() if looks_like_run_config(str(value))), "NAME")
        return (
            "the outputs of Terraform",
            Advice(
                "Give the output that holds the run config:",
                Step.READ_OUTPUT,
                f"terraform output -raw {held}",
            ),
        )
    return None


def _lightspeed(name: str, stack: Mapping[str, object]) -> ConfigError:
    path, url = stack.get("library_client_config_path"), stack.get("url")
    if isinstance(path, str) and path:
        help_ = f"Give the run config that it names: {path} (llama_stack.library_client_config_path)."
    elif isinstance(url, str):
        help_ = "Give the run config of the server at llama_stack.url."
    else:
        help_ = "Give the run config of the Llama Stack that it uses."
    return other_file(name, "a lightspeed-stack config", help_)


def _compose_help(services: Mapping[object, object], configs: object, name: str) -> Help:
    mounted: list[tuple[object, str]] = []
    for service, settings in services.items():
        volumes = settings.get("volumes") if isinstance(settings, dict) else None
        for volume in volumes if isinstance(volumes, list) else ():
            source = volume.get("source") if isinstance(volume, dict) else str(volume).split(":")[0]
            if isinstance(source, str) and source.endswith((".yaml", ".yml")):
                mounted.append((service, source))
    # A build config is mounted beside it now and then.
    likely = [found for found in mounted if re.search(r"(run|config)[^/]*$", found[1])] or mounted
    if likely:
        service, source = likely[0]
        return Advice(
            f"Give the run config that the service {service} mounts: {source}.", Step.GIVE_ENV_FILE, name
        )
    for key, config in configs.items() if isinstance(configs, dict) else ():
        content, file = get(config, "content"), get(config, "file")
        if isinstance(file, str):
            return Advice(
                f"Give the run config that its entry configs.{key} names: {file}.", Step.GIVE_ENV_FILE, name
            )
        if isinstance(content, str):
            # Compose takes a single $ for a variable of its own, so that a run config in it has two.
            unescaped = " | sed 's/\\$\\$/$/g'" if "$$" in content else ""
            return Advice(
                f"Its entry configs.{key}.content holds it:",
                Step.READ_OUTPUT,
                f"yq '.configs.{key}.content' {name}{unescaped}",
            )
    return "Give the run config that the server's service mounts (see its volumes and command)."


_ASSIGNMENT: Final = re.compile(r"(?:export\s+)?[A-Za-z_][\w.]*=")
_SECTION: Final = re.compile(r"\[[\w .:-]+\]\s*")


def _settings_error(text: str, name: str) -> ConfigError | None:
    """Return what to say about a file of `NAME=value` lines, with or without sections; None for other files."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and line[0] not in "#;"]
    if lines and all(_ASSIGNMENT.match(line) for line in lines):
        return other_file(name, "an env file", Advice("Give the run config.", Step.GIVE_ENV_FILE, name))
    if lines and _SECTION.fullmatch(lines[0]) and any("=" in line for line in lines):
        what = "a file of sections (INI, systemd or Quadlet)"
        return other_file(name, what, "Give the run config that the server in it reads.")
    return None


def unreadable_error(text: str, error: ConfigError) -> ConfigError | None:
    """Return what to say about a file that is no YAML mapping because it is something else; None where that is not known.

    It may be a template that nobody rendered, an env file, or a unit of systemd.
    """
    name = (error.where or "").rpartition(":")[0] or error.where or "The file"
    if _TAG.search(text) is None:
        return _settings_error(text, name)
    plain = _TAG.sub("x", _TAG_LINE.sub("", text))
    try:
        yaml.compose(plain, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        line = error.where.rpartition(":")[2] if error.where else ""
        lines = text.splitlines()
        here = lines[max(0, int(line) - 2) : int(line) + 1] if line.isdecimal() else []
        if not any(mark in one for one in here for mark in ("{{", "{%", "<%")):
            return None
    found = _TAG.search(text)
    number = text.count("\n", 0, found.start()) + 1 if found else 1
    what, how = template_kind(text)
    return ConfigError(
        f"{name}, line {number}: {what} that was not rendered, not a run config yet",
        where=f"{name}:{number}",
        help=result_of(how, "…"),
    )


def template_kind(text: str) -> tuple[str, str]:
    """Name the language of a template and how it is rendered."""
    if "<%" in text:
        return "an ERB template", "Render it (erb FILE)"
    if re.search(
        r"\{\{-?\s*(?:\.|\$|range|if |else|end|include|template|toYaml|with |define|tpl |required )", text
    ):
        return "a Helm template", "Render it (helm template RELEASE CHART)"
    if "{%" in text or "{{" in text:
        return "a Jinja template", "Render it (Ansible's template module, or jinja2 FILE)"
    return "a template", "Render it"
