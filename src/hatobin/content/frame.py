"""The mail document around a letter: what mail programs need to show Japanese well."""

from __future__ import annotations

from html import escape

_FONT = (
    "'Noto Sans JP','Hiragino Sans','Hiragino Kaku Gothic ProN','Yu Gothic','Meiryo',"
    "system-ui,-apple-system,'Segoe UI',sans-serif"
)
_HIDDEN = "display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:#ffffff"


def document(body: str, *, title: str, preheader: str, language: str, bare: bool) -> str:
    """A whole HTML document. ``bare``: the body brought its own layout and gets no column of ours."""
    hidden = f'<div style="{_HIDDEN}">{escape(preheader, quote=False)}</div>' if preheader else ""
    column = (
        body
        if bare
        else f'<div style="max-width:640px;margin:0 auto;padding:24px 16px;font-family:{_FONT};font-size:16px;'
        f'line-height:1.8;color:#333333;word-break:normal;overflow-wrap:anywhere">{body}</div>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n'
        '<meta name="format-detection" content="telephone=no,address=no,email=no,date=no">\n'
        f"<title>{escape(title, quote=False)}</title>\n</head>\n"
        f'<body style="margin:0;padding:0;background-color:#ffffff">\n{hidden}{column}\n</body>\n</html>\n'
    )
