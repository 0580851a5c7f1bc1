"""Models, chats and completions, whole and streamed."""

import math

from checking import check, client, hello, short


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
