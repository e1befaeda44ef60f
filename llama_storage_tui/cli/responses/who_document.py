"""The JSON of `responses RUN_CONFIG who`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, From, json_value
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.services.access import WhoReport


class DecisionBody(Document):
    """What a server does when somebody reads the row.

    `stage` is what hides it: the tenant, the NULL owner, the rest of the SQL filter, or the policy; `sql` and `policy` say what
    each stage shows for itself. `fails`: the request ends in an error. Where not `certain`, `depends_on` says on what.
    """

    may_read: bool
    rule: str | None
    stage: Literal["tenant", "null-owner", "filter", "policy"] | None
    because: str
    sql: Annotated[bool, From("by_sql")]
    policy: Annotated[bool, From("by_policy")]
    fails: bool
    certain: bool
    depends_on: str | None


class UserBody(Document):
    """Who was asked about."""

    name: str
    attributes: dict[str, list[str]] | None
    tenant: str | None


class WhoDocument(Document):
    """The answer of `responses RUN_CONFIG who`.

    `owner` is null where the row has none, '' for nobody's; `access_attributes` are the owner's, as text where they are broken.
    `may_read`, `rule`, `stage` and `because` repeat the decision for `user`, null where none was named. `stranger` is a signed-in
    user without attributes, `anonymous` a request without a user.
    """

    id: str
    owner: str | None
    access_attributes: JsonValue
    tenant: str | None
    unowned: bool
    public: bool
    user: UserBody | None
    may_read: bool | None
    rule: str | None
    stage: str | None
    because: str | None
    decision: DecisionBody | None
    stranger: DecisionBody
    anonymous: DecisionBody
    notices: list[str]

    @classmethod
    def of(cls, id_: str, report: WhoReport, viewer: Viewer | None, notices: tuple[str, ...]) -> WhoDocument:
        """Make the document of a report."""
        decision = None if report.decision is None else DecisionBody.model_validate(report.decision)
        attributes: object = report.raw_attributes
        if report.attributes is not None:
            attributes = {key: list(values) for key, values in report.attributes.items()}
        return cls(
            id=id_,
            owner=report.owner,
            access_attributes=json_value(attributes),
            tenant=report.tenant,
            unowned=report.is_unowned,
            public=report.is_public,
            user=UserBody.model_validate(viewer),
            may_read=decision.may_read if decision else None,
            rule=decision.rule if decision else None,
            stage=decision.stage if decision else None,
            because=decision.because if decision else None,
            decision=decision,
            stranger=DecisionBody.model_validate(report.stranger),
            anonymous=DecisionBody.model_validate(report.anonymous),
            notices=[*notices, *report.notices],
        )
