"""The broker of one machine: a message is whole before anybody can see it."""

import multiprocessing
from pathlib import Path

import pytest
from kombu import Connection

from config import broker

MESSAGES = 400


@pytest.fixture
def connection(tmp_path: Path):
    broker.install()
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    with Connection("filesystem://localhost", transport_options=options(tmp_path)) as one:
        yield one


def options(folder: Path) -> dict:
    queue = str(folder / "queue")
    return {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(folder / "control")}


def send(folder: Path) -> None:
    broker.install()
    connection = Connection("filesystem://localhost", transport_options=options(folder))
    with connection as one, one.SimpleQueue("cpu") as queue:
        for number in range(MESSAGES):
            queue.put({"number": number, "filling": "x" * 5000})


def bind(folder: Path, name: str) -> None:
    broker.install()
    with Connection("filesystem://localhost", transport_options=options(folder)) as one:
        for number in range(40):
            one.default_channel._queue_bind("fan", "", "", f"{name}-{number}")


def test_the_product_uses_it():
    from config.celery import app

    assert app.connection("filesystem://localhost").transport_cls == "filesystem"
    assert isinstance(app.connection("filesystem://localhost").transport, broker.Transport)


def test_a_reader_beside_the_writer_gets_every_message_whole(connection, tmp_path):
    writer = multiprocessing.get_context("spawn").Process(target=send, args=(tmp_path,))
    writer.start()
    channel, numbers = connection.default_channel, []
    while len(numbers) < MESSAGES:
        try:
            numbers.append(channel._get("cpu")["body"])
        except broker.filesystem.Empty:
            assert writer.is_alive() or list((tmp_path / "queue").iterdir()), "messages are missing"
    writer.join()
    assert len(set(numbers)) == MESSAGES
    assert not list((tmp_path / "queue").iterdir())


def test_processes_that_bind_at_once_do_not_lose_each_others_queues(connection, tmp_path):
    spawn = multiprocessing.get_context("spawn").Process
    others = [spawn(target=bind, args=(tmp_path, name)) for name in ("a", "b")]
    for other in others:
        other.start()
    for other in others:
        other.join()
        assert other.exitcode == 0
    assert len(connection.default_channel.get_table("fan")) == 80


def test_a_queue_that_is_deleted_is_gone_from_its_exchange(connection):
    channel = connection.default_channel
    channel._queue_bind("fan", "", "", "one")
    channel._queue_bind("fan", "", "", "two")
    channel._put("one", {"body": 1})
    channel._delete("one", "fan", "", "")
    assert [row.queue for row in channel.get_table("fan")] == ["two"]
    assert channel._size("one") == 0
