"""What is refused, and how the client says so."""

import openai

from checking import check, client, hello, key, raises, short


@check
def a_model_that_is_not_served_is_not_found():
    error = raises(
        openai.NotFoundError, lambda: client.chat.completions.create(model="no-such-model", messages=hello)
    )
    assert error.code == "model_not_found" and error.param == "model" and error.request_id


@check
def a_field_that_does_not_hold_is_a_bad_request_that_names_it():
    error = raises(
        openai.BadRequestError,
        lambda: client.chat.completions.create(model="default", messages=hello, temperature=3),
    )
    assert error.param == "temperature" and "2" in error.message and "3" in error.message
    error = raises(
        openai.BadRequestError,
        lambda: client.chat.completions.create(
            model="default", messages=hello, extra_body={"temprature": 1}
        ),
    )
    assert error.code == "unknown_parameter" and "temperature" in error.message
    raises(openai.BadRequestError, lambda: client.completions.create(model="default", prompt="a", suffix="b"))


@check
def a_key_that_is_not_known_is_an_authentication_error():
    if not key:
        return "no OPENAI_API_KEY: skipped"
    stranger = client.with_options(api_key="not-a-key")
    raises(openai.AuthenticationError, stranger.models.list)


@check
def a_client_that_gives_up_gets_its_timeout_and_hurts_nobody():
    raises(
        openai.APITimeoutError,
        lambda: client.with_options(timeout=0.05).chat.completions.create(
            model="default", messages=hello, max_tokens=400, seed=1, extra_body={"ignore_eos": True}
        ),
    )
    assert client.chat.completions.create(messages=hello, **short).choices


@check
def a_deadline_of_the_request_is_kept():
    error = raises(
        openai.InternalServerError,
        lambda: client.chat.completions.create(
            model="default",
            messages=hello,
            max_tokens=1000,
            seed=2,
            extra_body={"ignore_eos": True},
            extra_headers={"X-Request-Timeout": "0.2"},
        ),
    )
    assert error.status_code == 504 and error.code == "deadline_exceeded"
