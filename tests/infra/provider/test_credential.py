"""Application credentials: what is compared of them, and what is secret."""

from infra.provider.registry import KINDS

CREDENTIAL = KINDS["oneroof:identity:ApplicationCredential"]
STATE = {
    "name": "sensors",
    "user_id": "u",
    "password": "old",
    "project_id": "p",
    "roles": ["member", "reader"],
    "expires_at": "2030-06-30T23:59:59.000000",
    "secret": "hidden",
}


def test_another_day_makes_another_one_and_a_new_password_does_not() -> None:
    assert CREDENTIAL.changed(STATE, STATE | {"password": "new", "roles": ["reader", "member"]}) == set()
    assert CREDENTIAL.changed(STATE, STATE | {"expires_at": "2031-06-30T23:59:59.000000"}) == {"expires_at"}
    assert CREDENTIAL.fields["expires_at"].replaces


def test_its_secret_is_made_up_and_closed_like_the_password_it_is_made_with() -> None:
    made = CREDENTIAL.generate()["secret"]
    assert len(made) >= 43
    assert made != CREDENTIAL.generate()["secret"]
    assert set(CREDENTIAL.secret) == {"secret", "password"}
