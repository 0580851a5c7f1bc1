"""Has OpenAI's own Python client talk to a server, and checks what the client makes of it.

    python3 conformance.py http://127.0.0.1:8000

A server with API keys needs one of them in OPENAI_API_KEY. Prints a line per check and ends with 1 if any failed. The
model may be small: answers are checked for their form, not for their sense.
"""

import json
import math
import os
import sys
import traceback

import openai
import pydantic

url = sys.argv[1].rstrip("/")
key = os.environ.get("OPENAI_API_KEY")
client = openai.OpenAI(base_url=url + "/v1", api_key=key or "none", max_retries=0, timeout=120)
hello = [{"role": "user", "content": "Say hello."}]
short = {"model": "default", "max_tokens": 12, "temperature": 0}
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
checks = []


def check(function):
    """Adds a check; its name is the sentence that is printed."""
    checks.append(function)
    return function


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


@check
def models_are_listed_and_found_by_name():
    models = client.models.list().data
    assert models and models[0].object == "model"
    assert client.models.retrieve(models[0].id).id == models[0].id
    assert client.models.retrieve("default").id == models[0].id


@check
def a_chat_is_answered_with_its_usage():
    answer = client.chat.completions.create(messages=hello, **short)
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert 1 <= answer.usage.completion_tokens <= 12


@check
def a_streamed_chat_says_the_same_and_ends_with_its_usage():
    whole = client.chat.completions.create(messages=hello, **short)
    stream = client.chat.completions.create(
        messages=hello, stream=True, stream_options={"include_usage": True}, **short
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason


@check
def a_seed_is_answered_the_same_twice():
    ask = {"model": "default", "messages": hello, "max_tokens": 12, "temperature": 1.0, "seed": 7}
    texts = {client.chat.completions.create(**ask).choices[0].message.content for _ in range(2)}
    assert len(texts) == 1


@check
def several_choices_are_streamed_beside_each_other():
    ask = {"model": "default", "messages": hello, "max_tokens": 8, "seed": 3, "n": 2}
    texts = ["", ""]
    ends = {}
    for chunk in client.chat.completions.create(stream=True, **ask):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    whole = client.chat.completions.create(**ask)
    assert texts == [c.message.content for c in whole.choices]
    assert set(ends) == {0, 1}


@check
def chat_logprobs_hold_the_likeliest_tokens():
    answer = client.chat.completions.create(messages=hello, logprobs=True, top_logprobs=3, **short)
    tokens = answer.choices[0].logprobs.content
    text = b"".join(bytes(t.bytes) for t in tokens).decode()
    assert text.startswith(answer.choices[0].message.content)
    for token in tokens:
        assert len(token.top_logprobs) == 3
        # Greedy: the token that came is the likeliest.
        assert token.top_logprobs[0].logprob == token.logprob <= 0


@check
def completions_take_a_list_of_prompts():
    prompts = ["One, two,", "Paris is the capital of"]
    both = client.completions.create(prompt=prompts, **short)
    each = [client.completions.create(prompt=p, **short).choices[0].text for p in prompts]
    assert [c.index for c in both.choices] == [0, 1]
    assert [c.text for c in both.choices] == each


@check
def an_echo_has_the_logprobs_of_its_prompt():
    answer = client.completions.create(prompt="Paris is the capital of", echo=True, logprobs=2, **short)
    choice = answer.choices[0]
    assert choice.text.startswith("Paris is the capital of")
    told = choice.logprobs
    assert len(told.tokens) == len(told.token_logprobs) == len(told.top_logprobs) == len(told.text_offset)
    assert told.token_logprobs[0] is None
    assert all(math.isfinite(x) and x <= 0 for x in told.token_logprobs[1:])
    assert told.text_offset[0] == 0 and told.text_offset == sorted(told.text_offset)


@check
def a_streamed_completion_says_the_same():
    whole = client.completions.create(prompt="One, two,", **short).choices[0].text
    stream = client.completions.create(prompt="One, two,", stream=True, **short)
    assert "".join(c.choices[0].text for c in stream if c.choices) == whole


@check
def a_named_tool_is_called_with_arguments_that_hold():
    answer = client.chat.completions.create(
        model="default",
        messages=[{"role": "user", "content": "How is the weather in Rome?"}],
        tools=[weather],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        max_tokens=64,
        temperature=0,
    )
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments)["city"] in ("Paris", "Rome")
    assert answer.choices[0].finish_reason == "tool_calls"
    # The call and what came of it go back to the model.
    after = client.chat.completions.create(
        messages=[
            {"role": "user", "content": "How is the weather in Rome?"},
            answer.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": "Sunny."},
        ],
        tools=[weather],
        tool_choice="none",
        **short,
    )
    assert after.choices[0].message.content


@check
def a_streamed_call_is_put_together_by_the_client():
    with client.chat.completions.stream(
        model="default",
        messages=[{"role": "user", "content": "How is the weather in Rome?"}],
        tools=[weather],
        tool_choice="required",
        parallel_tool_calls=False,
        max_tokens=64,
        temperature=0,
    ) as stream:
        events = [event.type for event in stream]
        answer = stream.get_final_completion()
    call = answer.choices[0].message.tool_calls[0]
    assert "tool_calls.function.arguments.done" in events
    assert call.function.parsed_arguments["city"] in ("Paris", "Rome")
    assert answer.choices[0].finish_reason == "tool_calls"


@check
def embeddings_are_vectors_of_length_one_in_either_encoding():
    texts = ["A lighthouse stands on the rock.", "Bread is baked from flour.", "A lighthouse stands on the rock."]
    # The client asks for base64 by itself, and decodes it.
    made = client.embeddings.create(model="default", input=texts)
    assert [one.index for one in made.data] == [0, 1, 2]
    vectors = [one.embedding for one in made.data]
    assert all(abs(sum(x * x for x in v) - 1) < 1e-5 for v in vectors)
    assert vectors[0] == vectors[2] != vectors[1]
    assert made.usage.total_tokens == made.usage.prompt_tokens > 3
    written = client.embeddings.create(model="default", input=texts[0], encoding_format="float").data[0].embedding
    assert max(abs(a - b) for a, b in zip(written, vectors[0])) < 1e-6
    last = client.embeddings.create(model="default", input=texts[0], extra_body={"pooling": "last"}).data[0].embedding
    assert len(last) == len(written) and last != written


@check
def embeddings_are_cut_to_the_dimensions_that_are_asked_for():
    whole = client.embeddings.create(model="default", input="Hello there").data[0].embedding
    cut = client.embeddings.create(model="default", input="Hello there", dimensions=16).data[0].embedding
    length = math.sqrt(sum(x * x for x in whole[:16]))
    assert len(cut) == 16
    assert max(abs(a - b / length) for a, b in zip(cut, whole)) < 1e-5
    ask = {"model": "default", "input": "Hello there", "dimensions": 99999}
    error = raises(openai.BadRequestError, lambda: client.embeddings.create(**ask))
    assert error.param == "dimensions"


@check
def scores_are_what_an_echo_says_of_the_same_tokens():
    prompt, continuations = "The capital of France is", [" Paris.", " a big red house"]
    body = {"model": "default", "prompt": prompt, "continuations": continuations, "logprobs": True}
    told = client.post("/score", body=body, cast_to=object)
    for continuation, one in zip(continuations, told["data"]):
        ask = short | {"max_tokens": 1, "echo": True, "logprobs": 1}
        echo = client.completions.create(prompt=prompt + continuation, **ask)
        own = echo.choices[0].logprobs.token_logprobs[:-1][-one["tokens"] :]
        assert abs(sum(own) - one["logprob"]) < 1e-3
        assert abs(sum(t["logprob"] for t in one["token_logprobs"]) - one["logprob"]) < 1e-6
        assert "".join(t["token"] for t in one["token_logprobs"]) == continuation
        top = echo.choices[0].logprobs.top_logprobs[:-1][-one["tokens"] :]
        likeliest = all(max(t.values()) <= o + 1e-6 for t, o in zip(top, own))
        assert one["is_greedy"] == likeliest


class Person(pydantic.BaseModel):
    name: str
    tall: bool


@check
def a_structured_answer_is_parsed_into_its_class():
    answer = client.chat.completions.parse(
        model="default",
        messages=[{"role": "user", "content": "Ada is tall. Who is it? Answer in JSON with a short name."}],
        response_format=Person,
        temperature=0,
        max_tokens=200,
    )
    assert isinstance(answer.choices[0].message.parsed, Person)


@check
def a_guided_choice_is_one_of_the_strings():
    answer = client.chat.completions.create(
        messages=hello, extra_body={"guided_choice": ["yes", "no"]}, **short
    )
    assert answer.choices[0].message.content in ("yes", "no")


@check
def a_response_is_created_and_streamed():
    ask = {"model": "default", "input": "Say hello.", "max_output_tokens": 12, "temperature": 0}
    whole = client.responses.create(metadata={"a": "b"}, instructions="Be brief.", **ask)
    assert whole.output_text and whole.metadata == {"a": "b"}
    assert whole.status in ("completed", "incomplete")
    plain = client.responses.create(**ask)
    text, last = "", None
    for number, event in enumerate(client.responses.create(stream=True, **ask)):
        assert event.sequence_number == number
        if event.type == "response.output_text.delta":
            text += event.delta
        last = event
    assert last.type in ("response.completed", "response.incomplete")
    assert text == plain.output_text == last.response.output_text


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


def main():
    failed = 0
    for function in checks:
        name = function.__name__.replace("_", " ")
        try:
            said = function()
            print(f"ok    {name}{': ' + said if said else ''}", flush=True)
        except Exception as error:
            failed += 1
            here = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == __file__][-1]
            print(f"FAIL  {name}: {error!r}\n      line {here.lineno}: {here.line}", flush=True)
    print(f"openai {openai.__version__} (Python): {len(checks) - failed} of {len(checks)} checks hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
