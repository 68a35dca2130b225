"""Words as stewards write them, brought to one form: widths, spaces, brackets, traditional characters."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_BRACKETS: Final = re.compile(r"[（(\[【〔<《][^（）()\[\]【】〔〕<>《》]*[）)\]】〕>》]")
_PUNCTUATION: Final = re.compile(r"[\s　_\-—–·•．.,，、:：;；*＊#＃?？!！'\"“”‘’`~^|/\\（）()\[\]【】〔〕<>《》]+")
_SIMPLIFIED: Final = str.maketrans(
    "編號名稱經緯電話類別級備註區縣鄉鎮街積數聯繫態碼質來負責員劃設業務機構養療醫藥館場體驗號樓層單價總計東標準點線運營護衛學園傳開關閉間時調查範圍圖書產權屬種規劃歲兒",
    "编号名称经纬电话类别级备注区县乡镇街积数联系态码质来负责员划设业务机构养疗医药馆场体验号楼层单价总计东标准点线运营护卫学园传开关闭间时调查范围图书产权属种规划岁儿",
)
"""The traditional characters that occur in headings; Hong Kong and Taiwan spreadsheets have them."""


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Return a value's key: half-width, lower case, simplified, without spaces and zero-width characters.

    >>> plain(" ５Ａ 級"), plain("运 营")
    ('5a级', '运营')
    """
    return "".join(unicodedata.normalize("NFKC", text).translate(_SIMPLIFIED).lower().split()).replace("\u200b", "")


@lru_cache(maxsize=8192)
def heading_key(text: str) -> str:
    r"""Return a heading's key: ``plain``, without brackets and what they hold, and without punctuation.

    >>> heading_key("床位数\n（张）"), heading_key("* 設施名稱："), heading_key("FAC_ID")
    ('床位数', '设施名称', 'facid')
    """
    bare = _BRACKETS.sub("", text)
    key = _PUNCTUATION.sub("", plain(bare)).replace("\ufeff", "")
    return key or _PUNCTUATION.sub("", plain(text))
