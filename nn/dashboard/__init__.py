"""The training dashboard: what `nn.fit` measured, and what it measures of each layer, to look at."""

from nn.dashboard.dashboard import Dashboard as Dashboard
from nn.dashboard.live import LiveDashboard as LiveDashboard
from nn.dashboard.statistics import LayerStatistics as LayerStatistics
