"""The official Anthropic client against the simulator: what it understands there is what it would understand of the API."""

import anthropic
import httpx2
from simulated import KEY, PLAIN_PORT, raises, trusting, url

MODEL = "claude-haiku-4-5"
HELLO = [{"role": "user", "content": "hi there"}]


def client(host="api", key=KEY, **more):
    http_client = anthropic.DefaultHttpxClient(verify=trusting(), trust_env=False)
    return anthropic.Anthropic(
        api_key=key, base_url=url(host), max_retries=0, timeout=10, http_client=http_client, **more
    )


def message(host="api", **more):
    return client(host).messages.create(**{"model": MODEL, "max_tokens": 100, "messages": HELLO, **more})


def healthy():
    models = client().models.list(limit=2)
    assert MODEL in [model.id for model in client().models.list()], models
    assert models.has_more and len(models.data) == 2, models
    whole = message()
    assert whole.content[0].text == "Hello from the simulator: all is well.", whole
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (9, 8), whole.usage
    assert whole.stop_reason == "end_turn" and whole._request_id.startswith("req_"), whole
    nothing = message(max_tokens=0)
    assert (nothing.content, nothing.stop_reason) == ([], "max_tokens"), nothing
    counted = client().messages.count_tokens(model=MODEL, messages=HELLO)
    assert counted.input_tokens == 9, counted
    raw = client().messages.with_raw_response.create(model=MODEL, max_tokens=1, messages=HELLO)
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "1000", raw.headers


def streaming():
    for max_tokens, text, reason in [
        (100, "Hello from the simulator: all is well.", "end_turn"),
        (1, "Hello", "max_tokens"),
        (0, "", "max_tokens"),
    ]:
        with client().messages.stream(model=MODEL, max_tokens=max_tokens, messages=HELLO) as stream:
            said = "".join(stream.text_stream)
            final = stream.get_final_message()
        assert (said, final.stop_reason) == (text, reason), final
        assert final.usage.output_tokens == min(max_tokens, 8), final.usage
        assert final.usage.input_tokens == 9, final.usage
    events = [event.type for event in message(stream=True)]
    assert events[0] == "message_start" and events[-1] == "message_stop", events
    assert events.count("content_block_delta") == 8, events


def refused():
    error = raises(anthropic.AuthenticationError, lambda: client(key="sk-ant-wrong").models.list())
    assert error.body["error"]["message"] == "Invalid bearer token", error.body
    assert error.request_id == error.body["request_id"], error.request_id
    error = raises(anthropic.RateLimitError, lambda: message("http-429"))
    headers = error.response.headers
    assert headers["retry-after"] == "7", headers
    assert headers["anthropic-ratelimit-requests-remaining"] == "0", headers
    error = raises(anthropic.RateLimitError, lambda: message("http-429-ms"))
    assert error.response.headers["retry-after-ms"] == "1500", error.response.headers
    for host, status, kind in [
        ("http-400-credit", 400, anthropic.BadRequestError),
        ("http-400-spend", 400, anthropic.BadRequestError),
        ("http-403", 403, anthropic.PermissionDeniedError),
        ("http-404", 404, anthropic.NotFoundError),
        ("http-500", 500, anthropic.InternalServerError),
        ("http-529", 529, anthropic.APIStatusError),
    ]:
        error = raises(kind, lambda: message(host))
        assert error.status_code == status, (host, error)
    assert error.body["error"]["type"] == "overloaded_error", error.body
    raises(anthropic.NotFoundError, lambda: message(model="gone"))
    raises(anthropic.BadRequestError, lambda: message(messages=[]))
    raises(anthropic.APIConnectionError, lambda: message("tls-expired"))
    raises(anthropic.APIConnectionError, lambda: message("http-reset"))


def broken_streams():
    error = raises(anthropic.APIStatusError, lambda: list(message("stream-error", stream=True)))
    assert error.status_code == 200, error
    assert error.body["error"]["type"] == "overloaded_error", error.body
    # A stream that ends without its last event is none of the SDK's errors: its user has to look.
    events = [event.type for event in message("stream-no-end", stream=True)]
    assert "message_stop" not in events and "message_delta" in events, events
    for host in ["stream-cut", "stream-reset"]:
        raises(httpx2.TransportError, lambda: list(message(host, stream=True)))
    # Other calls to such a host are well.
    assert message("stream-cut").stop_reason == "end_turn"


def retried():
    """The test has set a fault that one request has; the client's own retry is the second."""
    patient = client("storm").with_options(max_retries=2)
    answer = patient.messages.with_raw_response.create(model=MODEL, max_tokens=1, messages=HELLO)
    assert answer.retries_taken == 1, answer.retries_taken


def without_tls():
    plain = anthropic.Anthropic(
        api_key=KEY,
        base_url=f"http://127.0.0.1:{PLAIN_PORT}",
        default_headers={"Host": "http-429.sim.test"},
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(trust_env=False),
    )
    raises(anthropic.RateLimitError, plain.models.list)


for check in [healthy, streaming, refused, broken_streams, retried, without_tls]:
    check()
    print(f"{check.__name__}: ok")
