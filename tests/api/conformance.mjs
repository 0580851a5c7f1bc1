// Has OpenAI's own Node client talk to a server, and checks what the client makes of it.
//
//     node conformance.mjs http://127.0.0.1:8000
//
// A server with API keys needs one of them in OPENAI_API_KEY. Prints a line per check and ends with 1 if any failed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import OpenAI from "openai";

const version = createRequire(import.meta.url)("./node_modules/openai/package.json").version;
const url = process.argv[2].replace(/\/$/, "");
const key = process.env.OPENAI_API_KEY;
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key || "none", maxRetries: 0, timeout: 120_000 });
const messages = [{ role: "user", content: "Say hello." }];
const short = { model: "default", max_tokens: 12, temperature: 0 };
const tools = [{
  type: "function",
  function: {
    name: "get_weather",
    description: "Tells the weather of a city.",
    strict: true,
    parameters: {
      type: "object",
      properties: { city: { type: "string", enum: ["Paris", "Rome"] } },
      required: ["city"],
      additionalProperties: false,
    },
  },
}];

const checks = {
  async "models are listed and found by name"() {
    const models = (await client.models.list()).data;
    assert.ok(models.length > 0);
    assert.equal((await client.models.retrieve(models[0].id)).id, models[0].id);
  },

  async "a chat is answered with its usage"() {
    const answer = await client.chat.completions.create({ messages, ...short });
    assert.ok(answer.choices[0].message.content);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  },

  async "a streamed chat says the same and ends with its usage"() {
    const whole = await client.chat.completions.create({ messages, ...short });
    const stream = await client.chat.completions.create({
      messages, stream: true, stream_options: { include_usage: true }, ...short,
    });
    let text = "";
    let last;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      last = chunk;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.deepEqual(last.usage, whole.usage);
  },

  async "the client's own reader of streams puts a call together"() {
    const answer = await client.chat.completions.stream({
      model: "default",
      messages: [{ role: "user", content: "How is the weather in Rome?" }],
      tools,
      tool_choice: "required",
      parallel_tool_calls: false,
      max_tokens: 64,
      temperature: 0,
    }).finalChatCompletion();
    const call = answer.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "get_weather");
    assert.ok(["Paris", "Rome"].includes(JSON.parse(call.function.arguments).city));
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
  },

  async "several choices are streamed beside each other"() {
    const ask = { model: "default", messages, max_tokens: 8, seed: 3, n: 2 };
    const whole = await client.chat.completions.create(ask);
    const texts = ["", ""];
    for await (const chunk of await client.chat.completions.create({ stream: true, ...ask }))
      for (const choice of chunk.choices)
        texts[choice.index] += choice.delta.content ?? "";
    assert.deepEqual(texts, whole.choices.map(choice => choice.message.content));
  },

  async "completions take a list of prompts, and echo has logprobs"() {
    const both = await client.completions.create({ prompt: ["One, two,", "Paris is"], ...short });
    assert.deepEqual(both.choices.map(choice => choice.index), [0, 1]);
    const echo = await client.completions.create({ prompt: "Paris is", echo: true, logprobs: 2, ...short });
    assert.ok(echo.choices[0].text.startsWith("Paris is"));
    assert.equal(echo.choices[0].logprobs.token_logprobs[0], null);
  },

  async "an answer holds to a JSON schema"() {
    const answer = await client.chat.completions.parse({
      model: "default",
      messages: [{ role: "user", content: "Is Ada tall? Answer in JSON." }],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "person",
          strict: true,
          schema: {
            type: "object",
            properties: { tall: { type: "boolean" } },
            required: ["tall"],
            additionalProperties: false,
          },
        },
      },
      temperature: 0,
      max_tokens: 60,
    });
    assert.equal(typeof JSON.parse(answer.choices[0].message.content).tall, "boolean");
  },

  async "a response is created and streamed"() {
    const ask = { model: "default", input: "Say hello.", max_output_tokens: 12, temperature: 0 };
    const whole = await client.responses.create(ask);
    assert.ok(whole.output_text);
    let text = "";
    let last;
    for await (const event of await client.responses.create({ stream: true, ...ask })) {
      text += event.type === "response.output_text.delta" ? event.delta : "";
      last = event;
    }
    assert.equal(text, whole.output_text);
    assert.ok(["response.completed", "response.incomplete"].includes(last.type));
  },

  async "errors are of the client's classes"() {
    const ask = more => () => client.chat.completions.create({ model: "default", messages, ...more });
    await assert.rejects(ask({ model: "no-such-model" }), error =>
      error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
    await assert.rejects(ask({ temperature: 3 }), error =>
      error instanceof OpenAI.BadRequestError && error.param === "temperature");
    await assert.rejects(ask({ temprature: 1 }), error =>
      error instanceof OpenAI.BadRequestError && error.code === "unknown_parameter");
    if (key)
      await assert.rejects(client.withOptions({ apiKey: "not-a-key" }).models.list(), OpenAI.AuthenticationError);
  },

  async "a client that gives up gets its timeout and hurts nobody"() {
    const long = { model: "default", messages, max_tokens: 400, seed: 1, ignore_eos: true };
    await assert.rejects(client.chat.completions.create(long, { timeout: 50 }), OpenAI.APIConnectionTimeoutError);
    assert.ok((await client.chat.completions.create({ messages, ...short })).choices.length);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAIL  ${name}: ${error.stack}`);
  }
}
const all = Object.keys(checks).length;
console.log(`openai ${version} (Node): ${all - failed} of ${all} checks hold`);
process.exitCode = failed ? 1 : 0;
