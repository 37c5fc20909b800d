"""What a source brought, as a record of the results."""

from base64 import b64encode

from conformance.judging import Judgement
from reports import results

MAX_SERIES = 2000


def received_record(judgement: Judgement) -> results.Received:
    """Tell what a source brought, series by series."""
    return results.Received(
        instances=judgement.instances,
        series=[
            results.ReceivedSeries(
                patient=patient.serial,
                study=study.serial,
                series=series.serial,
                modality=series.modality,
                instances=series.instances,
                octets=series.octets,
                transfer_syntaxes=list(series.transfer_syntaxes),
                sop_classes=list(series.sop_classes),
                thumbnail=b64encode(series.thumbnail).decode("ascii"),
                began=series.began,
                seconds=series.seconds,
            )
            for patient in judgement.patients
            for study in patient.studies
            for series in study.series
        ][:MAX_SERIES],
        unread=judgement.unread,
        unreadable=[results.Unreadable(each.name, each.reason) for each in judgement.unreadable],
        remarks=[str(remark) for remark in judgement.remarks],
        more=max(0, judgement.series - MAX_SERIES),
    )
