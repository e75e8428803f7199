"""Publishing to Google Pub/Sub with its generated client.

Google's batching publisher is not used: it pauses an ordering key after an error until it is told to
resume, answers through futures, and retries without end, while a Lambda function has to know of every
message whether it was taken before it answers.

Credentials are found by google-auth: with workload identity federation, GOOGLE_APPLICATION_CREDENTIALS
names the credential configuration file, which holds no secret; google-auth signs with the function's
own role, taken from the environment. PUBSUB_EMULATOR_HOST leads to an emulator, as Google's client does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from google import pubsub_v1 as generated
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from pubsub_bridge.ports import Message, RefusedError, UnavailableError

RETRIED = (
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""What Google's own client retries a publish on."""
ATTEMPT_SECONDS = 10.0


class GooglePublisher:
    """One channel to Pub/Sub; safe to use from several threads."""

    def __init__(self, endpoint: str | None = None) -> None:
        """Args: endpoint: a locational endpoint such as `europe-west1-pubsub.googleapis.com:443`.

        Pub/Sub keeps the order of messages that arrive in one region, so a bridge whose requests may
        be taken in by more than one names its region here.
        """
        self._client = pubsub_v1.PublisherClient(**({"client_options": {"api_endpoint": endpoint}} if endpoint else {}))

    def publish(self, topic: str, ordering_key: str, messages: Sequence[Message], timeout: float) -> None:
        # Plain protobuf objects: proto-plus takes three times as long to build a message.
        request = PublishRequest.pb()(
            topic=topic,
            messages=[
                PubsubMessage.pb()(data=message.data, attributes=message.attributes, ordering_key=ordering_key)
                for message in messages
            ],
        )
        retry = Retry(if_exception_type(*RETRIED), initial=0.1, maximum=2.0, multiplier=2.0, timeout=timeout)
        try:
            # The generated method, not the batching one that pubsub_v1.PublisherClient puts over it.
            generated.PublisherClient.publish(
                self._client, PublishRequest.wrap(request), retry=retry, timeout=min(timeout, ATTEMPT_SECONDS)
            )
        except exceptions.InvalidArgument as error:
            raise RefusedError(str(error)) from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise UnavailableError(f"{type(error).__name__}: {error}") from error
