"""A client of Triton finds what it knows. Wire: the Open Inference Protocol, its binary extension."""

import base64
import json

import httpx
import numpy as np
import pytest

from tests.inference.engine.test_app import engine

TEXT = "病人血壓一百四十"
SECONDS_3 = np.zeros(48_000, np.float32)


def request(data: object, shape: list[int], datatype: str = "FP32", **more: object) -> dict:
    return {
        "id": "7",
        "inputs": [{"name": "AUDIO", "datatype": datatype, "shape": shape, "data": data}],
        **more,
    }


def outputs(answer: httpx.Response) -> dict[str, list]:
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["data"] for one in answer.json()["outputs"]}


async def test_the_server_and_its_model_are_ready() -> None:
    async with engine() as client:
        for path in ("/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/auscult/ready"):
            assert (await client.get(path)).status_code == 200
        metadata = (await client.get("/v2/models/auscult")).json()
        unknown = await client.get("/v2/models/..%2F..%2Fetc/ready")
    assert [one["name"] for one in metadata["outputs"]] == ["TEXT", "AVG_LOGPROB", "REJECTED_TEXT"]
    assert unknown.status_code == 404


async def test_samples_in_json_become_text() -> None:
    body = request(SECONDS_3.tolist(), [48_000])
    async with engine() as client:
        answer = await client.post("/v2/models/auscult/infer", json=body)
    assert outputs(answer)["TEXT"] == [TEXT]
    assert answer.json()["id"] == "7"


async def test_rows_are_utterances_and_each_gets_its_text() -> None:
    body = request(np.zeros((3, 48_000)).tolist(), [3, 48_000])
    async with engine() as client:
        answer = await client.post("/v2/models/auscult/infer", json=body)
    assert outputs(answer)["TEXT"] == [TEXT] * 3


async def test_base64_of_pcm_becomes_text() -> None:
    body = request([base64.b64encode(bytes(96_000)).decode()], [1], "BYTES")
    async with engine() as client:
        answer = await client.post("/v2/models/auscult/infer", json=body)
    assert outputs(answer)["TEXT"] == [TEXT]


async def test_raw_tensors_behind_the_json_are_read_in_their_order() -> None:
    language = b"\x02\x00\x00\x00en"
    head = json.dumps(
        {
            "inputs": [
                {
                    "name": "LANGUAGE",
                    "datatype": "BYTES",
                    "shape": [1],
                    "parameters": {"binary_data_size": 6},
                },
                {
                    "name": "AUDIO",
                    "datatype": "FP32",
                    "shape": [1, 48_000],
                    "parameters": {"binary_data_size": 192_000},
                },
            ]
        }
    ).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    async with engine() as client:
        answer = await client.post(
            "/v2/models/auscult/infer", content=head + language + SECONDS_3.tobytes(), headers=headers
        )
    assert outputs(answer)["TEXT"] == [TEXT]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"inputs": []}, 400),
        ({}, 400),
        ([], 400),
        ({"inputs": [["AUDIO"]]}, 400),
        (request(np.zeros((2, 2, 2)).tolist(), [2, 2, 2]), 400),
        (request([0.0] * 10, [11]), 400),
        (request(["!"], [1], "BYTES"), 400),
        (request([1], [1], "INT64"), 400),
        (request([], [0]), 400),
        (request([0.0] * 31 * 16_000, [31 * 16_000]), 413),
    ],
)
async def test_a_bad_request_gets_a_sentence(body: object, status: int) -> None:
    async with engine() as client:
        answer = await client.post("/v2/models/auscult/infer", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
