"""What is found between the configs of a fleet. No server reports any of it: each sees its own config alone."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.finding import Severity, Stage, informs, warns

FLEET_SHARED_TABLE: Final = warns(
    id="fleet-shared-table",
    title="Two configs keep their rows in one table",
    advice="Each deployment lists, changes and deletes the rows of the other. Where they are one deployment, that is as it should "
    "be; else give each a database of its own: a new one begins empty, and the rows so far stay in this one.",
    also=((Severity.INFO, Stage.NEVER),),
)
FLEET_SHARED_NAMESPACE: Final = warns(
    id="fleet-shared-namespace",
    title="Two configs use one namespace, or the same keys, of one store",
    advice="Equal keys of both deployments overwrite each other. Where they are one deployment, that is correct; otherwise "
    "give each a namespace or a store of its own: a new one begins empty, and the keys so far stay in this one.",
    also=((Severity.INFO, Stage.NEVER),),
)
FLEET_STORE_IN_TWO_FORMS: Final = warns(
    id="fleet-store-in-two-forms",
    title="Servers of two versions keep the same things in one store in two forms",
    advice="Neither sees all that the other stores. Run one version on the store, or give each version a copy of its own.",
)
FLEET_PASSWORD_DIFFERS: Final = warns(
    id="fleet-password-differs",
    title="Two configs log in as one role on one server with different passwords",
    advice="At most one of them can be right: test both, and write the right one in both places.",
)
FLEET_SERVER_SPELLED_DIFFERENTLY: Final = informs(
    id="fleet-server-spelled-differently",
    title="Two configs name one server in two ways",
    advice="Write its name in one way, so that a change in one config is not forgotten in the other.",
)
FLEET_ROTATION_BREAKS_NEIGHBOUR: Final = informs(
    id="fleet-rotation-breaks-neighbour",
    title="A password change through one config locks out another",
    advice="Name the other configs when you plan the change, so that it writes the password in all of them.",
)
FLEET_VARIABLE_OF_TWO_ROLES: Final = informs(
    id="fleet-variable-of-two-roles",
    title="One variable of an env file holds the password of two roles or servers",
    advice="A password change of one would write the other's password, too. Give each a variable of its own first.",
)
FLEET_SETTING_DRIFTED: Final = informs(
    id="fleet-setting-drifted",
    title="Configs of one distribution have different settings",
    advice="Compare the values: where the difference is not intended, write one value in all of them.",
)
