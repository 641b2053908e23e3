"""A workspace with everything a release needs, and short ways to get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.factories import make_actor, make_identity, make_list, make_profile, make_workspace

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.audience.models import ContactList
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.services import checks, drafts, release
from hatobin.common import clock
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Delivery, Dispatch, Egress, EgressKind, Lot
from hatobin.delivery.tokens import link_token
from hatobin.senders.models import SenderIdentity

People = Sequence[tuple[str, Mapping[str, str]]]

CAST: People = (
    ("hanako@example.jp", {"氏名": "山田花子"}),
    ("taro@example.jp", {"氏名": "鈴木太郎"}),
    ("jiro@example.com", {"氏名": "佐藤二郎"}),
)
HELLO = LetterDraft(
    mode="plain", subject="夏の講座のご案内", text="{{ 氏名 }} 様\n\nこんにちは。\n"
)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An office, its owner, a list, a sender and a road."""

    workspace: Workspace
    alice: Actor
    people: ContactList
    identity: SenderIdentity
    egress: Egress

    def draft(self, letter: LetterDraft = HELLO, kind: str = "marketing") -> CampaignView:
        """A draft with all steps filled in."""
        row = drafts.create(self.alice, "夏の講座")
        row = drafts.save_people(self.alice, row.id, row.revision, self.people.pk)
        row = drafts.save_letter(self.alice, row.id, row.revision, letter, self.identity.pk, kind)
        return drafts.save_sending(self.alice, row.id, row.revision, self.egress.pk)

    def release(self, row: CampaignView, hold: timedelta | None = None) -> Dispatch:
        """Checked and released as a person would."""
        check = checks.check(self.alice, row.id)
        return release.release(
            self.alice, row.id, typed_number=check.sendable, seal=check.seal, hold=hold
        )

    def on_its_way(self, road: Egress) -> CampaignView:
        """A letter that is being sent; all of it waits for this road."""
        row = self.draft()
        dispatch = self.release(row, timedelta(minutes=5))
        ours = Dispatch.objects.of(self.workspace.pk).filter(pk=dispatch.pk)
        ours.update(state="sending", started_at=clock.now())
        Lot.objects.of(self.workspace.pk).filter(dispatch=dispatch).update(egress=road)
        return row


def make_stage(people: People = CAST, name: str = "さくら市役所") -> Stage:
    """The office of every story here."""
    workspace = make_workspace(name)
    alice = make_actor(workspace, email=f"alice-{workspace.pk}@office.example")
    make_profile(alice)
    egress, _new = Egress.objects.of(workspace.pk).get_or_create(
        workspace=workspace,
        kind=EgressKind.SANDBOX,
        defaults={"name": "お試し受信箱", "is_default": True},
    )
    return Stage(
        workspace=workspace,
        alice=alice,
        people=make_list(workspace, people),
        identity=make_identity(alice),
        egress=egress,
    )


def deliveries(dispatch: Dispatch) -> list[Delivery]:
    """The ledger rows in the list's order."""
    rows = Delivery.objects.of(dispatch.workspace_id).filter(dispatch=dispatch)
    return list(rows.order_by("position"))


def token_of(row: Delivery) -> str:
    """The token that stands in this letter's link."""
    return link_token(row.pk)
