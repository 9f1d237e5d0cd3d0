"""A mail server that delivers nothing, and a page and an API to read what it caught.

Started by `up` as a process of its own: `python -m deploy.local.mailcatcher --smtp-port … --http-port … --folder …`
"""

import argparse
import asyncio
import html
import re
import signal
from pathlib import Path

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox import Mail, Mailbox
from deploy.local.ports import LOOPBACK

MAILBOX = web.AppKey("mailbox", Mailbox)
MAIL_BYTES = 25 * 1024 * 1024
# A mail is somebody else's text: no script of it runs, and it loads nothing from anywhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; frame-ancestors 'self'"
# But its links may be followed, in a window of their own: the page behind one need not allow itself to be framed.
RIGHTS = "allow-popups allow-popups-to-escape-sandbox"
LINK = re.compile(r'https?://\S+?(?=&[lg]t;|[\s"]|$)')
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 60rem; margin: 0 auto; padding: 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
iframe {{ width: 100%; height: 60vh; border: 1px solid #8884; background: #fff }}
</style></head><body>{body}</body></html>"""


class Catcher:
    """What the SMTP server does with a mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail; the name is aiosmtpd's."""
        content = envelope.original_content or b""
        self._mailbox.keep(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], content)
        return "250 Kept"


async def show_list(request: web.Request) -> web.Response:
    """Show all mails, newest first."""
    rows = "".join(_row(mail) for mail in request.app[MAILBOX].newest_first())
    table = (
        f"<table><thead><tr><th>At (UTC)</th><th>To</th><th>Subject</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else "<p>No mail yet.</p>"
    )
    body = f"<h1>Mailbox</h1><p>Mails of this trial system, newest first. None of them was sent out.</p>{table}"
    return _page("Mailbox", body)


async def show_mail(request: web.Request) -> web.Response:
    """Show one mail: headers, text, HTML in a frame without rights."""
    mail = _mail(request)
    facts = "".join(
        f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>"
        for name, value in (("At (UTC)", _told(mail.at)), ("From", mail.sender), ("To", ", ".join(mail.to)))
    )
    body = f'<p><a href="/">Mailbox</a></p><h1>{html.escape(mail.subject)}</h1><table>{facts}</table>'
    if mail.text:
        body += f"<h2>Text</h2><pre>{_with_links(mail.text)}</pre>"
    if mail.html:
        source = f"/mails/{mail.id}/html"
        body += f'<h2>HTML</h2><iframe sandbox="{RIGHTS}" title="HTML of the mail" src="{source}"></iframe>'
    return _page(mail.subject, body + f'<p><a href="/mails/{mail.id}/source">Source</a></p>')


async def show_html(request: web.Request) -> web.Response:
    """Answer the HTML of a mail for the frame, as it came but for its links, which open outside of the frame."""
    headers = {"Content-Security-Policy": f"sandbox {RIGHTS}; {POLICY}"}
    text = _mail(request).html.replace("<head>", '<head><base target="_blank">', 1)
    return web.Response(text=text, content_type="text/html", headers=headers)


async def show_source(request: web.Request) -> web.Response:
    """Answer a mail as it came over SMTP."""
    text = request.app[MAILBOX].source(_mail(request).id).decode(errors="replace")
    return web.Response(text=text, content_type="text/plain")


async def list_messages(request: web.Request) -> web.Response:
    """Answer mails as JSON, newest first; `to` is a recipient, `after` an id already seen."""
    after = request.query.get("after", "0")
    if not after.isdecimal():
        return web.json_response({"title": "after has to be the id of a mail", "status": 400}, status=400)
    mails = request.app[MAILBOX].newest_first(to=request.query.get("to"), after=int(after))
    return web.json_response([mail.as_json() for mail in mails])


async def clear_messages(request: web.Request) -> web.Response:
    """Throw all mails away."""
    request.app[MAILBOX].clear()
    return web.Response(status=204)


def application(mailbox: Mailbox) -> web.Application:
    """Return the pages and the API over a mailbox."""
    app = web.Application()
    app[MAILBOX] = mailbox
    app.router.add_get("/", show_list)
    app.router.add_get("/mails/{id:[0-9]+}", show_mail)
    app.router.add_get("/mails/{id:[0-9]+}/html", show_html)
    app.router.add_get("/mails/{id:[0-9]+}/source", show_source)
    app.router.add_get("/api/messages", list_messages)
    app.router.add_delete("/api/messages", clear_messages)
    return app


async def serve(smtp_port: int, http_port: int, folder: Path) -> None:
    """Catch mail until SIGTERM or SIGINT."""
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    catcher = Catcher(mailbox)

    def session() -> SMTP:
        return SMTP(catcher, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=MAIL_BYTES, loop=loop)

    smtp = await loop.create_server(session, LOOPBACK, smtp_port)
    runner = web.AppRunner(application(mailbox), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, http_port).start()
    await stop.wait()
    smtp.close()
    await runner.cleanup()


def _mail(request: web.Request) -> Mail:
    mail = request.app[MAILBOX].find(int(request.match_info["id"]))
    if mail is None:
        raise web.HTTPNotFound
    return mail


def _with_links(text: str) -> str:
    return LINK.sub(r'<a href="\g<0>" target="_blank" rel="noreferrer">\g<0></a>', html.escape(text, quote=False))


def _row(mail: Mail) -> str:
    subject = html.escape(mail.subject or "(no subject)")
    link = f'<a href="/mails/{mail.id}">{subject}</a>'
    return f"<tr><td>{_told(mail.at)}</td><td>{html.escape(', '.join(mail.to))}</td><td>{link}</td></tr>"


def _told(at: str) -> str:
    return at[:19].replace("T", " ")


def _page(title: str, body: str) -> web.Response:
    text = PAGE.format(title=html.escape(title), body=body)
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mailcatcher")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    found = parser.parse_args()
    asyncio.run(serve(found.smtp_port, found.http_port, found.folder))


if __name__ == "__main__":
    _main()
