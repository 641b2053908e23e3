"""Amazon SES, version 2 of its API. https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html

It takes the whole composed message, but writes its own Message-ID and Date. It keeps no idempotency
keys. Requests are signed, and answers read, by boto3, which is installed with ``hatobin[ses]``.
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers.client import (
    Field,
    Parcel,
    ProviderClient,
)
from hatobin.delivery.egress.providers.http_client import KEY_NAME, wait_from
from hatobin.delivery.egress.providers.reply import ProviderOutcome, ProviderReply, clean_words
from hatobin.delivery.egress.providers.transport import STOPPED, Told, kind_of_failure

_ROAD_CODES = {
    "AccountSuspendedException": "account-paused",
    "SendingPausedException": "account-paused",
    "MailFromDomainNotVerifiedException": "sender-refused",
    "NotFoundException": "bad-setting",  # no such configuration set
    "AccessDeniedException": "no-permission",
    "AccessDenied": "no-permission",
    "UnrecognizedClientException": "key-refused",
    "InvalidClientTokenId": "key-refused",
    "InvalidSignatureException": "key-refused",
    "SignatureDoesNotMatch": "key-refused",
    "ExpiredTokenException": "key-refused",
    "MissingAuthenticationTokenException": "key-refused",
}
_THROTTLES = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException"}
)
_BAD_ADDRESS = re.compile(
    r"final '@domain'|illegal address|local address|domain (contains|starts|ends)|missing '@'",
    re.IGNORECASE,
)
_NOT_OF_TAGS = re.compile(r"[^A-Za-z0-9_.@-]")
_Call = Callable[[], Mapping[str, Any]]


class AmazonSes(ProviderClient):
    """Letters over the API of Amazon SES."""

    name = "amazon-ses"
    title = "Amazon SES"
    fields = (
        Field(
            name="region",
            label=_("Region"),
            help=_("As in the address of the SES console, for example ap-northeast-1 (Tokyo)."),
        ),
        Field(name="access_key_id", label=_("Access key ID"), secret=True),
        Field(
            name="secret_access_key",
            label=_("Secret access key"),
            help=_("Of a user that may do ses:SendEmail and, for the test, ses:GetAccount."),
            secret=True,
        ),
        Field(name="configuration_set", label=_("Configuration set"), required=False),
    )

    def prepare(self) -> None:
        """Part of ProviderClient."""
        self._made: Any = None
        self._making = threading.Lock()
        self._told = threading.local()

    def deliver(self, parcel: Parcel) -> ProviderReply:
        """SendEmail with raw content; the From line is the message's."""
        more: dict[str, Any] = {}
        if self.values.get("configuration_set"):
            more["ConfigurationSetName"] = self.values["configuration_set"]
        tag = _NOT_OF_TAGS.sub("_", parcel.key)[:256]

        def call() -> Mapping[str, Any]:
            return dict(
                self._client().send_email(
                    Destination={"ToAddresses": [parcel.rcpt.wire]},
                    Content={"Raw": {"Data": parcel.message}},
                    EmailTags=[{"Name": KEY_NAME, "Value": tag}],
                    **more,
                )
            )

        reply, answer = self._try(call, parcel.rcpt.email, parcel.may_go)
        if reply:
            return reply
        name = answer.get("MessageId")
        if not isinstance(name, str):
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, code="unreadable")
        return ProviderReply(outcome=ProviderOutcome.ACCEPTED, message_id=name, status=200)

    def check(self, sender: str) -> ProviderReply:
        """GetAccount: whether it may send at all, and to anybody."""
        reply, answer = self._try(lambda: dict(self._client().get_account()), sender)
        if reply and reply.outcome is ProviderOutcome.IN_DOUBT:
            return ProviderReply(outcome=ProviderOutcome.ROAD, code=reply.code, words=reply.words)
        if reply:
            return reply
        if not answer.get("SendingEnabled"):
            return ProviderReply(outcome=ProviderOutcome.ROAD, code="account-paused", status=200)
        if not answer.get("ProductionAccessEnabled"):
            return ProviderReply(outcome=ProviderOutcome.ROAD, code="trial-account", status=200)
        return ProviderReply(outcome=ProviderOutcome.ACCEPTED, status=200)

    def close(self) -> None:
        """Lets go of the connections."""
        if self._made is not None:
            self._made.close()

    def _client(self) -> Any:
        """One for all threads. Raises ImportError without boto3."""
        with self._making:
            if self._made is None:
                self._made = self._make_client()
        return self._made

    def _make_client(self) -> Any:
        boto3 = importlib.import_module("boto3")
        config = importlib.import_module("botocore.config")
        for name in ("boto3", "botocore"):  # at DEBUG they write whole letters
            logging.getLogger(name).setLevel(logging.INFO)
        client = boto3.session.Session(
            aws_access_key_id=self.values["access_key_id"],
            aws_secret_access_key=self.values["secret_access_key"],
            region_name=self.values["region"],
        ).client(
            "sesv2",
            endpoint_url=self.api_url or None,
            config=config.Config(
                connect_timeout=self.timeouts.connect,
                read_timeout=self.timeouts.answer,
                max_pool_connections=self.connections,
                retries={"total_max_attempts": 1, "mode": "standard"},
            ),
        )
        client.meta.events.register("before-send.sesv2", self._watch)
        return client

    def _watch(self, request: Any, **_kwargs: object) -> None:
        """Puts a body in the request that knows how much of it went out."""
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        self._told.body = Told(raw, self._told.may_go)
        if body:
            request.body = self._told.body

    def _try(
        self, call: _Call, recipient: str, may_go: Callable[[], bool] = lambda: True
    ) -> tuple[ProviderReply, Mapping[str, Any]] | tuple[None, Mapping[str, Any]]:
        """(what went wrong, or None; the answer)."""
        self._told.body, self._told.may_go = None, may_go
        try:
            self._client()
        except ImportError:
            return ProviderReply(outcome=ProviderOutcome.ROAD, code="package-missing"), {}
        except Exception:  # a region or a key that botocore cannot take
            return ProviderReply(outcome=ProviderOutcome.ROAD, code="bad-setting"), {}
        try:
            return None, call()
        except Exception as error:
            return self._failed(error, recipient), {}

    def _failed(self, error: Exception, recipient: str) -> ProviderReply:
        response = getattr(error, "response", None)
        if isinstance(response, dict) and "Error" in response:
            return _refused(response, recipient)
        told = self._told.body
        if told is not None and told.stopped:
            return ProviderReply(outcome=ProviderOutcome.STOPPED, code=STOPPED)
        if told is not None and told.sent:
            timed_out = "Timeout" in type(error).__name__
            unreadable = type(error).__name__ == "ResponseParserError"
            code = "unreadable" if unreadable else "timeout" if timed_out else "closed"
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, code=code)
        malformed = type(error).__name__ == "ParamValidationError"
        kind = "bad-setting" if malformed else kind_of_failure(error)
        return ProviderReply(outcome=ProviderOutcome.ROAD, code=kind)


def _refused(response: Mapping[str, Any], recipient: str) -> ProviderReply:
    code = str(response["Error"].get("Code") or "")
    words = str(response["Error"].get("Message") or "")
    about = response.get("ResponseMetadata", {})
    status = about.get("HTTPStatusCode")
    outcome, reason = _meaning(code, words, status or 0, recipient)
    return ProviderReply(
        outcome=outcome,
        code=reason,
        status=status,
        words=clean_words(words, recipient),
        retry_after=wait_from(about.get("HTTPHeaders", {}).get("retry-after", "")),
    )


def _meaning(code: str, words: str, status: int, recipient: str) -> tuple[ProviderOutcome, str]:
    if code in _ROAD_CODES:
        return ProviderOutcome.ROAD, _ROAD_CODES[code]
    if code in _THROTTLES or status == 429:
        return ProviderOutcome.THROTTLED, "throttled"
    if code == "MessageRejected" and "not verified" in words:
        # Only an account on trial must have its recipients verified.
        trial = recipient.lower() in words.lower()
        return ProviderOutcome.ROAD, "trial-account" if trial else "sender-refused"
    if code == "MessageRejected":
        return ProviderOutcome.REFUSED, "policy"
    if _BAD_ADDRESS.search(words):
        return ProviderOutcome.REFUSED, "bad-address"
    if status in {502, 504}:
        return ProviderOutcome.IN_DOUBT, "gateway"
    if status >= 500:
        return ProviderOutcome.ROAD, "service-trouble"
    return ProviderOutcome.LATER, "request-refused"
