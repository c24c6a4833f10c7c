"""What the terminal says, in English and Chinese."""

from __future__ import annotations

import locale
import os

from chatrec.tools._turn import Spoken

_SAID = {
    "en": {
        "hello": "{name}: {count} items. Tell me what you are in the mood for. /help shows the commands, /quit leaves.",
        "first": "Everything stays on this machine, in {home}. To forget it all, delete that folder.",
        "resumed": "Going on with thread {thread} ({turns} messages of yours so far).",
        "resumed_list": "The last list:",
        "loading_catalog": "reading the catalog (kB)",
        "loading_index": "indexing the items",
        "loading_model": "loading the model",
        "loading_items": "copying and comparing items",
        "loading_records": "copying and comparing records of people",
        "loading_conversations": "copying and comparing conversations",
        "thinking": "thinking",
        "step_recommend": "looking through the items",
        "step_ask_user": "finding the best question",
        "step_describe_item": "looking it up",
        "step_record_feedback": "noting what you said",
        "step_update_profile": "remembering that",
        "step_get_profile": "looking at your profile",
        "step_reply": "finding words",
        "stopped": "Stopped. The conversation goes on as if you had not asked.",
        "leave_again": "Press Ctrl-C again to leave, or go on typing.",
        "bye": "Go on later with: chatrec chat {options}",
        "unknown": "I do not know {command}. Commands: {commands}",
        "usage": "Write it like {example}.",
        "empty_list": "There is no list yet: ask for something first.",
        "no_number": "There is no number {number}: the last list goes from 1 to {count}.",
        "noted_accept": "Noted: you like “{title}”. /undo takes it back.",
        "noted_reject": "Noted: not “{title}”. /undo takes it back.",
        "noted_seen": "Noted: you know “{title}” already. /undo takes it back.",
        "understood": "Understood: {conditions}.",
        "not_understood": "I keep your reason, but found no condition in it.",
        "undone": "Taken back: {what}.",
        "nothing_undone": "There is nothing to take back.",
        "kind_accept": "you like “{about}”",
        "kind_reject": "not “{about}”",
        "kind_seen": "you know “{about}”",
        "kind_critique": "what was wrong with “{about}”",
        "kind_refine": "what you want instead of “{about}”",
        "kind_prefer": "your lasting wish {about}",
        "kind_forget": "forgetting {about}",
        "profile_head": "What I know of you:",
        "profile_empty": "I know nothing of you yet.",
        "wishes": "wishes",
        "accepted": "liked",
        "rejected": "turned down",
        "seen": "known already",
        "because_liked": "you liked {title}",
        "because_rejected": "you turned down {title}",
        "options": "e.g. {options}",
        "help": """Just type what you want. Or:
  /like 2            you like number 2 of the last list
  /no 1 too long     not number 1; the reason is optional and understood where it names a property
  /seen 3            you know number 3 already
  /why 2             why number 2 is on the list
  /undo              take back the last of these
  /profile           what I know of you
  /help              this
  /quit              leave (also Ctrl-D, or Ctrl-C twice); Ctrl-C stops an answer""",
    },
    "zh": {
        "hello": "{name}：共 {count} 项。想找什么，直接说就行。输入 /help 查看命令，/quit 离开。",
        "first": "所有数据只留在本机：{home}。想全部忘掉，删除该文件夹即可。",
        "resumed": "继续会话 {thread}（你已说过 {turns} 句）。",
        "resumed_list": "上次的列表：",
        "loading_catalog": "读取目录（kB）",
        "loading_index": "建立索引",
        "loading_model": "加载模型",
        "loading_items": "复制并核对条目",
        "loading_records": "复制并核对用户记录",
        "loading_conversations": "复制并核对对话",
        "thinking": "思考中",
        "step_recommend": "查找中",
        "step_ask_user": "想该问什么",
        "step_describe_item": "查资料",
        "step_record_feedback": "记下你的意见",
        "step_update_profile": "记住这一点",
        "step_get_profile": "查看你的偏好",
        "step_reply": "组织语言",
        "stopped": "已停止。对话会像你没有问过一样继续。",
        "leave_again": "再按一次 Ctrl-C 离开，或继续输入。",
        "bye": "以后继续：chatrec chat {options}",
        "unknown": "没有 {command} 这个命令。可用：{commands}",
        "usage": "请这样写：{example}。",
        "empty_list": "还没有列表，先说说想要什么吧。",
        "no_number": "没有第 {number} 个：上次的列表是 1 到 {count}。",
        "noted_accept": "记下了：你喜欢“{title}”。/undo 可撤销。",
        "noted_reject": "记下了：不要“{title}”。/undo 可撤销。",
        "noted_seen": "记下了：你已经知道“{title}”。/undo 可撤销。",
        "understood": "理解为：{conditions}。",
        "not_understood": "理由已保存，但没有从中看出具体条件。",
        "undone": "已撤销：{what}。",
        "nothing_undone": "没有可撤销的。",
        "kind_accept": "喜欢“{about}”",
        "kind_reject": "不要“{about}”",
        "kind_seen": "已经知道“{about}”",
        "kind_critique": "对“{about}”的意见",
        "kind_refine": "对“{about}”的要求",
        "kind_prefer": "长期偏好：{about}",
        "kind_forget": "忘掉：{about}",
        "profile_head": "我对你的了解：",
        "profile_empty": "我还不了解你。",
        "wishes": "偏好",
        "accepted": "喜欢",
        "rejected": "不要",
        "seen": "已经知道",
        "because_liked": "你喜欢过 {title}",
        "because_rejected": "你拒绝过 {title}",
        "options": "比如：{options}",
        "help": """直接说想要什么就行。或者：
  /like 2            喜欢上次列表的第 2 个
  /no 1 太长了        不要第 1 个；理由可写可不写，写了会尽量理解
  /seen 3            第 3 个已经知道
  /why 2             为什么推荐第 2 个
  /undo              撤销上一步
  /profile           我对你的了解
  /help              这份帮助
  /quit              离开（Ctrl-D 或按两次 Ctrl-C 也行）；Ctrl-C 可打断回答""",
    },
}


def say(key: str, language: Spoken, **values: object) -> str:
    """One of the terminal's texts.

    Args:
        key: Which.
        language: "zh" for Chinese, English otherwise.
        values: What its braces hold.
    """
    return _SAID["zh" if language == "zh" else "en"][key].format(**values)


def step_text(tool: str, language: Spoken) -> str:
    """What a tool is doing; a tool of somebody else is named."""
    table = _SAID["zh" if language == "zh" else "en"]
    return table.get(f"step_{tool}", tool)


def machine_language() -> Spoken:
    """`zh` where the machine speaks Chinese, else `en`."""
    told = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    name = told or locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"
