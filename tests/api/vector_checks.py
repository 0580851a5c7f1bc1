"""Embeddings and scores."""

import math

import openai

from checking import check, client, raises, short


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
