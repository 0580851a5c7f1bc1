"""Answers of a form that was asked for: tool calls, classes, choices, responses."""

import json

import pydantic

from checking import check, client, hello, short

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
