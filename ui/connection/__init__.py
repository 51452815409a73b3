"""The line between a tab and the server: which tab it is, and what happens when it breaks."""

from .component import ANOTHER_TAB as ANOTHER_TAB
from .component import WHICH_TAB as WHICH_TAB
from .component import Connection as Connection
from .tab import NEW_TAB as NEW_TAB
from .tab import Tab as Tab
from .tab import read_tab as read_tab
