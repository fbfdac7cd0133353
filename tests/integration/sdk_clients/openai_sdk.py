"""The official OpenAI client against the simulator's OpenAI and Azure."""

import openai
from simulated import KEY, PLAIN_PORT, raises, trusting, url

MODEL = "gpt-5-nano"
HELLO = [{"role": "user", "content": "hi there"}]
SAID = "Hello from the simulator: all is well."


def client(host="openai", key=KEY, path="/v1"):
    http_client = openai.DefaultHttpx2Client(verify=trusting(), trust_env=False)
    return openai.OpenAI(
        api_key=key, base_url=url(host, path), max_retries=0, timeout=10, http_client=http_client
    )


def chat(host="openai", **more):
    return client(host).chat.completions.create(**{"model": MODEL, "messages": HELLO, **more})


def healthy():
    assert MODEL in [model.id for model in client().models.list()]
    assert client().models.retrieve(MODEL).id == MODEL
    whole = chat()
    assert whole.choices[0].message.content == SAID, whole
    assert whole.choices[0].finish_reason == "stop", whole
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (9, 8), whole.usage
    assert whole._request_id.startswith("req_"), whole
    short = chat(max_completion_tokens=1)
    assert (short.choices[0].message.content, short.choices[0].finish_reason) == ("Hello", "length"), short
    raw = client().chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["x-ratelimit-reset-requests"].endswith("s"), raw.headers


def streaming():
    chunks = list(chat(stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID, chunks
    assert chunks[-2].choices[0].finish_reason == "stop", chunks[-2]
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 17), chunks[-1]
    assert all(chunk.usage is None for chunk in chunks[:-1]), chunks
    assert all(chunk.usage is None for chunk in chat(stream=True))


def refused():
    error = raises(openai.AuthenticationError, lambda: client(key="sk-wrong").models.list())
    assert (error.code, error.type) == ("invalid_api_key", "invalid_request_error"), error
    assert error.request_id.startswith("req_"), error.request_id
    error = raises(openai.RateLimitError, lambda: chat("http-429.openai"))
    headers = error.response.headers
    assert (headers["retry-after"], headers["x-ratelimit-remaining-requests"]) == ("7", "0"), headers
    assert error.code == "rate_limit_exceeded", error
    error = raises(openai.RateLimitError, lambda: chat("http-429-spend.openai"))
    assert error.code == "insufficient_quota" and "retry-after" not in error.response.headers, error
    for host, status, kind in [
        ("http-403-region", 403, openai.PermissionDeniedError),
        ("http-404", 404, openai.NotFoundError),
        ("http-500", 500, openai.InternalServerError),
        ("http-529", 503, openai.InternalServerError),
    ]:
        error = raises(kind, lambda: chat(f"{host}.openai"))
        assert error.status_code == status, (host, error)
    raises(openai.NotFoundError, lambda: chat(model="gone"))
    raises(openai.BadRequestError, lambda: chat(messages=[]))
    raises(openai.APIConnectionError, lambda: chat("tls-expired.openai"))


def broken_streams():
    error = raises(openai.APIError, lambda: list(chat("stream-error.openai", stream=True)))
    assert error.type == "server_error", error
    raises(openai.APIConnectionError, lambda: list(chat("stream-cut.openai", stream=True)))


def alike():
    """Other providers that speak it are used with the same client."""
    for host, path, model in [
        ("groq", "/openai/v1", "llama-3.1-8b-instant"),
        ("mistral", "/v1", "mistral-small-latest"),
        ("openrouter", "/api/v1", "openai/gpt-4o-mini"),
    ]:
        one = client(host, path=path)
        assert len(list(one.models.list())) == 2, host
        chunks = list(one.chat.completions.create(model=model, messages=HELLO, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID, host
        raises(openai.RateLimitError, client(f"http-429.{host}", path=path).models.list)


def azure():
    def at(host):
        http_client = openai.DefaultHttpx2Client(verify=trusting(), trust_env=False)
        return openai.AzureOpenAI(
            api_key=KEY,
            azure_endpoint=url(host),
            api_version="2024-10-21",
            max_retries=0,
            http_client=http_client,
        )

    whole = at("azure").chat.completions.create(model="mine", messages=HELLO)
    assert whole.choices[0].message.content == SAID, whole
    limited = at("http-429.azure").chat.completions
    error = raises(openai.RateLimitError, lambda: limited.create(model="mine", messages=HELLO))
    assert error.response.headers["retry-after-ms"] == "7000", error.response.headers


def without_tls():
    plain = openai.OpenAI(
        api_key=KEY,
        base_url=f"http://127.0.0.1:{PLAIN_PORT}/v1",
        default_headers={"Host": "http-429.openai.sim.test"},
        max_retries=0,
        http_client=openai.DefaultHttpx2Client(trust_env=False),
    )
    raises(openai.RateLimitError, plain.models.list)


for check in [healthy, streaming, refused, broken_streams, alike, azure, without_tls]:
    check()
    print(f"{check.__name__}: ok")
