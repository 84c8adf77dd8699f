"""Files as people hand them in, made here: PDF, Word, mail, zip, WARC."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from typing import Any
from xml.sax.saxutils import escape

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SENTENCE = "The harbour of Brenna opens on Friday, the port authority said on Monday."
TEXT = f"Harbour opens again\n\n{SENTENCE}\n"
PAGE = f"""<html lang="en"><head><title>Harbour opens again</title>
<meta property="og:site_name" content="Coast Courier">
<link rel="canonical" href="https://courier.example/harbour?utm_source=mail">
<meta property="article:published_time" content="2026-03-02T08:00:00Z"></head>
<body><article><h1>Harbour opens again</h1><p>{SENTENCE}</p>
<p>It had been closed for two weeks after a storm broke the outer wall in two places.</p>
</article></body></html>"""


def page(*paragraphs: str, head: str = "") -> bytes:
    """A web page of an article."""
    inside = "".join(f"<p>{one}</p>" for one in paragraphs or (SENTENCE,))
    return f"<html><head>{head}</head><body><article>{inside}</article></body></html>".encode()


def pdf(*lines: str, encrypt: bool = False) -> bytes:
    """A PDF of one page, with a text layer if there are lines."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    drawn = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode() if lines else b""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (The harbour report) /Author (Ada Brenna) /CreationDate (D:20260302080000) >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    index = b"".join(b"%010d 00000 n \n" % place for place in places)
    key = b"<%s>" % (b"00" * 32)
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O %s /U %s >>" % (key, key)
    facts = b"/Size 8 /Root 1 0 R /Info 6 0 R /ID [<00> <00>] " + (lock if encrypt else b"")
    end = b"trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF" % (facts, len(out))
    return out + b"xref\n0 8\n0000000000 65535 f \n" + index + end


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CORE = (
    '<cp:coreProperties xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties">'
    "<dc:title>The harbour report</dc:title><dc:creator>Ada Brenna</dc:creator>"
    "</cp:coreProperties>"
)


def docx(*paragraphs: str, body: str = "", head: str = "") -> bytes:
    """A Word file with these paragraphs, or with this XML in its body."""
    inside = body or "".join(
        f"<w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p>" for one in paragraphs
    )
    document = f"{head}<w:document {WORD}><w:body>{inside}</w:body></w:document>"
    return zipped({"word/document.xml": document, "docProps/core.xml": CORE})


def zipped(members: dict[str, bytes | str]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def mail(text: str = TEXT, *, html: str = "", files: dict[str, bytes] | None = None) -> bytes:
    """A mail with these words and attachments."""
    message = EmailMessage()
    message["From"] = "Ada Brenna <ada@courier.example>"
    message["Subject"] = "Harbour opens again"
    message["Date"] = "Mon, 02 Mar 2026 08:00:00 +0000"
    if text:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    for name, content in (files or {}).items():
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return bytes(message)


def warc(
    pages: dict[str, bytes], *, packed: bool = True, status: str = "200 OK", kind: str = "text/html"
) -> bytes:
    """A WARC of these pages, each with its request."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    for address, content in pages.items():
        answer = StatusAndHeaders(
            status, [("Content-Type", kind), ("Server", "quay")], protocol="HTTP/1.1"
        )
        stored = writer.create_warc_record(
            address, "response", payload=io.BytesIO(content), length=len(content),
            http_headers=answer,
            warc_headers_dict={"WARC-Date": "2026-03-02T09:30:00Z"},
        )  # fmt: skip
        writer.write_record(stored)
        asked = StatusAndHeaders(
            "GET / HTTP/1.1", [("Host", "courier.example"), ("Cookie", "s=1")], is_http_request=True
        )
        writer.write_record(writer.create_warc_record(address, "request", http_headers=asked))
    return out.getvalue()


def claim_review(**fields: Any) -> dict[str, Any]:
    """A ClaimReview as another desk would publish it, with `fields` instead of what it has."""
    return {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": "https://facts.example/boats",
        "claimReviewed": "The harbour lost 40 boats in a year.",
        "inLanguage": "en-GB",
        "datePublished": "2026-03-05",
        "author": {"@type": "Organization", "name": "Bay Facts", "url": "https://facts.example/"},
        "reviewRating": {"@type": "Rating", "ratingValue": 2, "worstRating": 1, "bestRating": 5,
                         "alternateName": "Mostly wrong"},
        "itemReviewed": {"@type": "Claim", "author": {"@type": "Person", "name": "The mayor"},
                         "appearance": [{"@type": "CreativeWork",
                                         "url": "https://bay.example/speech"}]},
    } | fields  # fmt: skip
