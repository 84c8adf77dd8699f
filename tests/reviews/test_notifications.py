"""What people are told: each thing once, each letter at most once, whatever the server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail as django_mail

from reviews import leases, mail, notifications, queue, workflow
from reviews.inbox import DEFAULTS, Kind, Letter, Mail, Notification
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker, review_at
from tests.together import together

pytestmark = pytest.mark.usefixtures("record_holds")


def told(person) -> list[tuple[str, str, str]]:
    rows = Notification.objects.filter(person=person).order_by("pk")
    return [(one.kind, one.words, one.note) for one in rows]


def reader(**fields):
    return fact_checker(**{"email": "reader@desk.example"} | fields)


def tell(person, kind=Kind.ASSIGNED, occasion="lease 1", review=None, **fields):
    return notifications.tell(
        person, kind, review or factories.review(), occasion=occasion, at=leases.clock(),
        **{"words": "A colleague handed a review over to you"} | fields,
    )  # fmt: skip


# What people are told


def test_who_gets_a_review_back_reads_the_comment():
    review = review_at(Status.RETURNED)
    decision = review.events.latest("pk")

    assert told(review.checker) == [
        ("returned", f"{decision.actor_name} returned your verdict", "Name the year.")
    ]


def test_whose_wait_is_over_is_told_what_for():
    review = review_at(Status.WAITING)
    review.waits_until = leases.clock()
    review.save(update_fields=["waits_until"])

    assert workflow.wake(review)

    assert told(review.checker) == [
        ("returned", "Your wait for a reply is over", "The port's press office")
    ]


def test_who_holds_what_became_overdue_is_told_once_for_each_date():
    review = review_at(Status.IN_PROGRESS)
    review.due_at = leases.clock() - timedelta(minutes=1)
    review.save(update_fields=["due_at"])
    queue.keep_dates()
    queue.keep_dates()

    assert [kind for kind, *_ in told(review.checker)] == ["overdue"]


def test_what_nobody_has_becomes_overdue_quietly():
    review = factories.review()
    review.due_at = leases.clock() - timedelta(minutes=1)
    review.save(update_fields=["due_at"])
    queue.keep_dates()

    review.refresh_from_db()
    assert review.overdue_at is not None
    assert not Notification.objects.exists()


def test_a_lease_that_runs_out_is_told_once_for_each_end(settings):
    review = review_at(Status.IN_PROGRESS)
    assert notifications.tell_of_ending_leases() == 0

    review.lease_expires_at = leases.clock() + settings.LEASE_ENDS_SOON / 2
    review.save(update_fields=["lease_expires_at"])
    assert [notifications.tell_of_ending_leases() for _ in range(3)] == [1, 0, 0]

    workflow.renew(review, by=review.checker, token=review.lease_token)
    assert notifications.tell_of_ending_leases() == 0
    review.lease_expires_at = leases.clock() + settings.LEASE_ENDS_SOON / 2
    review.save(update_fields=["lease_expires_at"])
    assert notifications.tell_of_ending_leases() == 1


def test_who_found_no_conclusion_is_told_that_a_copy_dropped_the_caution():
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    factories.write_verdict(review, checker)
    factories.save(review, rating="unproven")
    factories.submit(review)
    review.refresh_from_db()
    before = {review.pk: (review.dropped, review.origins)}
    review.dropped, review.copies = review.dropped + 1, review.copies + 1
    review.save(update_fields=["dropped", "copies"])

    queue._tell([review], before)
    queue._tell([review], before)

    assert told(checker) == [("dropped", "A copy dropped the caution", "")]


def test_nobody_is_told_who_cannot_sign_in():
    review = factories.review()

    assert tell(None, review=review) is None
    assert tell(reader(is_active=False), review=review) is None
    assert tell(type(reader()).objects.system(), review=review) is None


def test_the_same_occasion_is_told_once_and_another_again():
    person, review = reader(), factories.review()

    made = [tell(person, review=review, occasion=one) for one in ("lease 1", "lease 1", "lease 2")]

    assert [one is not None for one in made] == [True, False, True]
    assert Letter.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_told_by_many_at_once_it_stands_once():
    person, review = reader(), factories.review()

    done = together(*[lambda: tell(person, review=review) is not None] * 8)

    assert sorted(done) == [False] * 7 + [True]
    assert Notification.objects.count() == Letter.objects.count() == 1


# Reading


def test_the_badge_counts_up_to_a_limit_and_reading_ends_it(monkeypatch):
    monkeypatch.setattr(notifications, "COUNTED", 2)
    person, review = reader(email=""), factories.review()
    all_told = [tell(person, review=review, occasion=str(number)) for number in range(4)]
    assert notifications.unread(person) == 3  # one more than is counted

    notifications.read(person, all_told[0])
    assert notifications.unread(person) == 3
    assert notifications.read_all(person, up_to=all_told[2].pk) == 2
    assert notifications.unread(person) == 1  # it came after the list was shown


def test_nobody_reads_for_another():
    mine, person = tell(reader(email="")), fact_checker()

    notifications.read(person, mine)

    mine.refresh_from_db()
    assert mine.read_at is None


# Letters


def test_each_person_chooses_each_kind():
    person, review = reader(), factories.review()
    notifications.choose(person, dict.fromkeys(Kind, Mail.NEVER) | {Kind.OVERDUE: Mail.AT_ONCE})
    notifications.choose(person, {Kind.MENTIONED: Mail.DAILY})

    made = {kind: tell(person, kind, review=review) for kind in Kind}

    assert notifications.choices(person)[Kind.OVERDUE] == Mail.AT_ONCE
    assert {kind for kind, one in made.items() if one.letter} == {Kind.OVERDUE}
    assert {kind for kind, one in made.items() if one.mail == Mail.DAILY} == {Kind.MENTIONED}


def test_who_never_chose_has_the_defaults_and_who_has_no_address_no_mail():
    assert notifications.choices(reader()) == DEFAULTS
    assert tell(reader(email="")).mail == Mail.NEVER


def test_a_letter_says_what_happened_the_wording_and_where_and_nothing_else(settings):
    settings.PUBLIC_URL, settings.ORGANISATION = "https://desk.example", "The Harbour Desk"
    review = factories.review(wording="Dredging halved\nthe catch.")

    tell(reader(), review=review, note="The port called: off the record.")

    letter = Letter.objects.get()
    assert letter.subject == "The Harbour Desk: A colleague handed a review over to you"
    assert letter.body == (
        "A colleague handed a review over to you\n“Dredging halved the catch.”\n"
        f"https://desk.example/reviews/{review.ref}/\n\n--\nYou choose what comes by mail:\n"
        "https://desk.example/notifications/by-mail/\n"
    )


def test_a_digest_has_what_is_unread_and_in_no_letter_yet():
    person, review = reader(), factories.review()
    read = tell(person, Kind.MENTIONED, "1", review, words="Read before")
    tell(person, Kind.MENTIONED, "2", review, words="A colleague mentioned you")
    tell(person, Kind.OVERDUE, "3", review, words="Overdue: it was due")
    notifications.read(person, read)

    assert [notifications.write_digests() for _ in range(2)] == [1, 0]

    letter = Letter.objects.get()
    assert letter.subject.endswith(": 2 notifications")
    assert "Read before" not in letter.body
    assert letter.notifications.count() == 2


@pytest.mark.django_db(transaction=True)
def test_digests_written_at_once_are_one_letter():
    tell(reader(), Kind.MENTIONED)

    together(*[notifications.write_digests] * 4)

    assert Letter.objects.count() == 1


# Sending, against a server that speaks SMTP


class Server(threading.Thread):
    """A mail server of a few lines: it answers each command as told, and keeps what it takes."""

    def __init__(self, **answers: str) -> None:
        super().__init__(daemon=True)
        self.answers, self.taken, self.connections = answers, [], 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            with client, client.makefile("rw", newline="\r\n") as line:
                self._talk(line)

    def _talk(self, line) -> None:
        def say(words: str) -> None:
            line.write(f"{words}\n")
            line.flush()

        say("220 ready")
        while command := line.readline().split(" ")[0].split("\n")[0].strip().upper():
            answer = self.answers.get(
                command, {"DATA": "354 go on", "QUIT": "221 bye"}.get(command, "250 fine")
            )
            if answer == "hang up":
                return
            say(answer)
            if command == "DATA" and answer.startswith("354"):
                body = list(iter(lambda: line.readline().rstrip("\r\n"), "."))
                if self.answers.get("body") == "hang up":
                    return
                self.taken.append(body)
                say("250 taken")
            if command == "QUIT":
                return


@pytest.fixture
def serve(settings) -> Iterator:
    servers = []

    def start(**answers: str) -> Server:
        server = Server(**answers)
        server.start()
        servers.append(server)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 5
        return server

    yield start
    for server in servers:
        server.listening.close()


def be_due(letter) -> None:
    Letter.objects.filter(pk=letter.pk).update(next_try_at=leases.clock())


def test_a_letter_goes_out_once_however_often_it_is_tried(serve):
    server = serve()
    letter = tell(reader()).letter

    assert [mail.send_due() for _ in range(3)] == [1, 0, 0]

    letter.refresh_from_db()
    assert (letter.state, letter.attempts, letter.problem) == ("sent", 1, "")
    (message,) = server.taken
    assert 'Content-Type: text/plain; charset="utf-8"' in message
    assert "To: reader@desk.example" in message
    assert "Auto-Submitted: auto-generated" in message


def test_a_dead_mail_server_loses_none_and_is_tried_ever_more_rarely(settings, serve):
    serve()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        settings.EMAIL_PORT = gone.getsockname()[1]
    letter = tell(reader()).letter
    pauses = []
    for _ in range(9):
        be_due(letter)
        assert mail.send_due() == 0
        letter.refresh_from_db()
        assert letter.state == "waiting"
        pauses.append(round((letter.next_try_at - leases.clock()) / timedelta(minutes=1)))

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert letter.problem.startswith("ConnectionRefusedError")

    alive = serve()
    be_due(letter)
    assert mail.send_due() == 1
    assert len(alive.taken) == 1


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"RCPT": "550 nobody here"}, "refused"),
        ({"RCPT": "451 try again later"}, "waiting"),
        ({"DATA": "452 no room"}, "waiting"),
        ({"MAIL": "553 not you"}, "refused"),
        ({"body": "hang up"}, "unsure"),  # nobody knows whether it was taken
    ],
)
def test_what_the_server_says_decides(serve, answers, state):
    serve(**answers)
    letter = tell(reader()).letter

    assert mail.send_due() == 0

    letter.refresh_from_db()
    assert letter.state == state
    assert letter.problem != ""
    assert mail.send_due() == 0


def test_a_sender_that_died_is_never_repeated():
    letter = tell(reader()).letter
    Letter.objects.filter(pk=letter.pk).update(
        state="sending", tried_at=leases.clock() - mail.UNDER_WAY_AT_MOST
    )

    assert mail.send_due() == 0

    letter.refresh_from_db()
    assert letter.state == "unsure"
    assert django_mail.outbox == []


def test_who_left_gets_no_letter_and_an_address_that_is_none_stops_no_other(serve):
    server = serve()
    left, odd = reader(), reader(email="no address\n")
    tell(left)
    left.is_active = False
    left.save()
    tell(odd)
    tell(reader())

    assert mail.send_due() == 1

    states = Letter.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["refused", "refused", "sent"]
    assert len(server.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_send_each_letter_once(serve):
    server = serve()
    person, review = reader(), factories.review()
    for number in range(6):
        tell(person, review=review, occasion=str(number))

    done = together(*[mail.send_due] * 4)

    assert sum(done) == 6
    assert len(server.taken) == 6
