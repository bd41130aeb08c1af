"""From a body to a command: what is refused at once, and what depends on the webhook."""

import pytest

from core.fields import InvalidField, NoLongerTaken
from service.request.limits import Limits
from service.routes.webhook_shapes import WebhookBody, WebhookChanges
from service.routes.webhooks import change, creation

OLD_URL, OLD_HEADERS = "https://x.example/%zz", {"Host": ["a"]}


def test_a_new_webhook_cannot_have_values_that_only_an_earlier_version_accepted() -> None:
    for body in (
        WebhookBody(name="n", target_url=OLD_URL),
        WebhookBody(name="n", target_url="https://x.example", custom_headers=OLD_HEADERS),
    ):
        with pytest.raises(NoLongerTaken):
            creation("o", body, Limits())


def test_a_change_to_values_that_only_an_earlier_version_accepted_is_left_to_the_decision() -> None:
    body = WebhookChanges(target_url=OLD_URL, custom_headers=OLD_HEADERS)
    command = change("o", "w", body, Limits())
    assert (command.target_url, command.custom_headers) == (OLD_URL, OLD_HEADERS)
    assert [error.field for error in command.no_longer_taken] == ["target_url", "custom_headers"]


@pytest.mark.parametrize(
    "body", [WebhookChanges(target_url="http://x.example"), WebhookChanges(custom_headers={"X A": []})]
)
def test_a_change_to_values_that_no_version_accepted_is_refused_at_once(body: WebhookChanges) -> None:
    with pytest.raises(InvalidField):
        change("o", "w", body, Limits())


def test_the_error_about_headers_in_a_list_names_the_expected_form() -> None:
    headers: list[object] = ["X-A: 1"]
    expected = "^custom_headers: expected an object with a list of values for each name, got a list$"
    with pytest.raises(InvalidField, match=expected):
        creation("o", WebhookBody(name="n", target_url="https://x.example", custom_headers=headers), Limits())
    with pytest.raises(InvalidField, match=expected):
        change("o", "w", WebhookChanges(custom_headers=headers), Limits())
