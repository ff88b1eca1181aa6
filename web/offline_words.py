"""What a page says of forms that are kept on its machine while there is no network, or nobody is signed in any more."""

from __future__ import annotations

from web.language import gettext as _


def kept_words() -> dict[str, str]:
    """Name -> sentence; `{at}` is a time that the page knows."""
    return {
        "here": _("草稿已加密存于本机 {at}"),
        "kept": _("离线：已加密保存在本机，恢复后自动续存"),
        "will-go": _("离线：{at} 已提交，加密保存在本机，恢复后自动交出"),
        "dated": _("按断网时填写的时间 {at} 交出，时限从那时起算（取消勾选则按现在）"),
        "conflict": _("本机保存有 {at} 断网时填写的内容，但这项任务后来有过改动：请选择用哪一份"),
        "found": _("本机保存有 {at} 填写、未提交的内容"),
        "use": _("用本机保存的"),
        "drop": _("丢弃"),
        "drop-sure": _("确定丢弃这份没有交出的内容吗？丢弃后不能找回。"),
        "waiting": _("本机有断网时填写、尚未交出的表单"),
        "typed": _("{at} 填写"),
        "out": _("登录已失效：填写的内容还在本页，没有交出"),
        "other": _("现在登录的是另一个人：填写的内容还在本页，没有交出。请原来的人重新登录"),
        "sign-in": _("在新窗口重新登录，再回到本页"),
        "leave": _("本机有尚未交出的表单，退出登录会清除它们。仍要退出吗？"),
    }
