"""A month of a solar heating plant in means of ten minutes, read from sunpeek-exampledata (extra `energy`).

The plant is that of the paper factory at Condat-sur-Vézère, France. NOTICE.md has its licence, CC BY-SA 4.0.
"""

import csv
import io

import numpy as np

from rnngan_cli.data.packages import PackageFiles
from rnngan_cli.data.source import DataOptions, Raw, Source

MINUTES = 10
"""Rows of the file, a minute each, in a step."""
CHANNELS = {
    "Solar_Flow_rate (FT110.1)": "solar_flow",
    "T_in_SF (TT140.6)": "field_inlet",
    "T_out_SF (TT140.2)": "field_outlet",
    "T_out_SF_West (TT140.7)": "field_outlet_west",
    "T_out_SF_East (TT140.8)": "field_outlet_east",
    "Sol1_Pri_ExhOut (TT140.1)": "primary_outlet",
    "Sol1_Sek_ExhIn (TT240.2)": "secondary_inlet",
    "Sol1_Sek_ExhOut (TT240.1": "secondary_outlet",
    "Process_Flow_rate (FT210.1)": "process_flow",
    "T_outdoor_1 (TT140.4)": "outdoor_1",
    "T_outdoor_2 (TT140.5)": "outdoor_2",
    "Solar_Hor_irradiation (SS175.3)": "irradiance_horizontal",
    "Solar_GTI_irradiation_1 (SS175.2)": "irradiance_tilted_1",
    "Solar_GTI_irradiation_2 (SS175.1)": "irradiance_tilted_2",
    "HEX_SEK_POWER_PV (EM210)": "exchanger_power",
    "POWER SUPPLY OUT STORAGE (EM410)": "storage_power",
    "Sol1_Sek_EM_T_OUT (Energy sensor 210 temperature out)": "meter_outlet",
    "Sol1_Sek_EM_T_IN (Energy sensor 210 temperature in)": "meter_inlet",
    "Tracker_position (°)": "tracker_angle",
    "Wind_speed (km/h)": "wind_speed",
}
"""Name of each feature by the heading of its column: the measured channels. Three computed ones are left out."""
COMPUTED = ("Azimut (°)", "Sun_elevation (°)", "SF_Power_calculation")
"""Headings of the columns left out: the position of the sun, and a power that follows from other channels."""
RECORD_FILES = PackageFiles(
    "energy",
    "sunpeek-exampledata",
    "0.2.1",
    {
        "sunpeek_exampledata/Condat/Condat__2020-05-01__2020-05-31__1m.csv": (
            "767bb36916424731eed3c1e70c5b97a091534b6b3b17bf847a91160bb9536e5b"
        )
    },
)


def load(options: DataOptions, steps: int) -> Raw:
    """Reads the record: flows in m3/h, temperatures in °C, irradiances in W/m2, powers in kW, wind speed in km/h.

    A step is the mean of the ten minutes from its time on, in UTC. The second line of the file names the channels once
    more and is skipped. One minute is empty in every channel; the mean there is that of the other nine.

    Raises:
        UserError: the package is not installed, or not the one expected.
    """
    (content,) = RECORD_FILES.read("energy").values()
    heading, _, *rows = csv.reader(io.StringIO(content.decode("utf-8")), delimiter=";")
    columns = [heading.index(name) for name in CHANNELS]
    values = np.array([[float(row[column] or "nan") for column in columns] for row in rows])  # (minutes, features)
    means = np.nanmean(values.reshape(-1, MINUTES, len(columns)), axis=1)
    return Raw((means,), tuple(CHANNELS.values()), record=True)


SOURCES = (
    Source(
        name="energy",
        summary="A solar heating plant in May 2020, 20 measured channels, means of ten minutes",
        origin="Condat plant (doi 10.5281/zenodo.18800051), in the Python package sunpeek-exampledata 0.2.1",
        licence="CC BY-SA 4.0, by the authors of sunpeek-exampledata; read from there, not copied here; see NOTICE.md",
        window=24,
        labels="derived",
        load=load,
        package=RECORD_FILES,
    ),
)
