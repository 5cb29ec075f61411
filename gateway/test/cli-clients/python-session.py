"""One session of each client, its findings as JSON on the last line of standard output."""

import json
import sys

import anthropic
import litellm
import openai
from google import genai

gateway, key, model = sys.argv[1:]
question = "How is the weather in Paris?"
hello = [{"role": "user", "content": "Hello"}]
parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
weather = {"type": "function", "function": {"name": "get_weather", "parameters": parameters}}
found = {}


def status_of(call):
    try:
        call()
        return None
    except Exception as error:
        return getattr(error, "status_code", None) or getattr(error, "code", None)


def use_tool(complete):
    """A call of the tool, its result, and what the model says to it, in chat completions."""
    messages = [{"role": "user", "content": question}]
    message = complete(messages).choices[0].message
    call = message.tool_calls[0]
    city = json.loads(call.function.arguments)["city"]
    said = {"role": "assistant", "content": None, "tool_calls": [call.model_dump(exclude_none=True)]}
    result = {"role": "tool", "tool_call_id": call.id, "content": f"{city}: sunny"}
    return complete([*messages, said, result]).choices[0].message.content


client = openai.OpenAI(base_url=f"{gateway}/v1", api_key=key, max_retries=0)
chat = client.chat.completions
stream = chat.create(model=model, messages=hello, stream=True)
found["openai"] = [
    chat.create(model=model, messages=hello).choices[0].message.content,
    "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices),
    use_tool(lambda messages: chat.create(model=model, messages=messages, tools=[weather])),
    client.responses.create(model=model, input="Hello").output_text,
    status_of(lambda: client.with_options(api_key="sk-nobody").models.list()),
    status_of(lambda: chat.create(model="nobody", messages=hello)),
    len(client.embeddings.create(model="embedder", input="one").data[0].embedding),
]

claude = anthropic.Anthropic(base_url=gateway, api_key=key, max_retries=0)
tool = {"name": "get_weather", "input_schema": parameters}
asked = [{"role": "user", "content": question}]
with claude.messages.stream(model=model, max_tokens=99, messages=asked, tools=[tool]) as events:
    message = events.get_final_message()
use = next(block for block in message.content if block.type == "tool_use")
result = {"type": "tool_result", "tool_use_id": use.id, "content": f"{use.input['city']}: sunny"}
turns = [*asked, {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
found["anthropic"] = [
    claude.messages.create(model=model, max_tokens=99, messages=hello).content[0].text,
    claude.messages.create(model=model, max_tokens=99, messages=turns, tools=[tool]).content[0].text,
    claude.messages.count_tokens(model=model, messages=hello).input_tokens > 0,
    status_of(lambda: claude.messages.create(model="nobody", max_tokens=9, messages=hello)),
    status_of(lambda: claude.with_options(api_key="sk-nobody").models.list()),
]

google = genai.Client(api_key=key, http_options={"base_url": gateway})
pieces = google.models.generate_content_stream(model=model, contents="Hello")
found["genai"] = [
    google.models.generate_content(model=model, contents="Hello").text,
    "".join(piece.text or "" for piece in pieces),
    google.models.count_tokens(model=model, contents="Hello").total_tokens > 0,
    status_of(lambda: google.models.generate_content(model="nobody", contents="Hello")),
]

proxy = {"model": f"litellm_proxy/{model}", "api_base": gateway, "api_key": key}
chunks = litellm.completion(**proxy, messages=hello, stream=True)
found["litellm"] = [
    litellm.completion(**proxy, messages=hello).choices[0].message.content,
    "".join(chunk.choices[0].delta.content or "" for chunk in chunks),
    use_tool(lambda messages: litellm.completion(**proxy, messages=messages, tools=[weather])),
    status_of(lambda: litellm.completion(**{**proxy, "model": "litellm_proxy/nobody"}, messages=hello)),
    status_of(lambda: litellm.completion(**{**proxy, "api_key": "sk-nobody"}, messages=hello)),
]

# Streams that are left after their first event.
with chat.create(model=model, messages=hello, stream=True) as left:
    next(iter(left))
with claude.messages.stream(model=model, max_tokens=99, messages=hello) as left:
    next(iter(left))
left = google.models.generate_content_stream(model=model, contents="Hello")
next(left)
left.close()
left = litellm.completion(**proxy, messages=hello, stream=True)
next(left)
del left
print(json.dumps(found))
