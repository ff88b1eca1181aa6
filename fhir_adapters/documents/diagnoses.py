"""What diagnoses of pregnancy are called, for those that were sent as a code alone. ICD-10 of the WHO; professional
knowledge (K), to be read against the national clinical edition before release."""

from __future__ import annotations

from fhir_adapters.terminology import ICD10, ICD10_CN

NAMES = {
    **{"Z34": "正常妊娠监督", "Z35": "高危妊娠监督", "Z39": "产后随访", "Z33": "妊娠状态", "Z32": "妊娠检查"},
    **{"O00": "异位妊娠", "O01": "葡萄胎", "O03": "自然流产", "O04": "医疗性流产", "O10": "原有高血压并发于妊娠"},
    **{"O13": "妊娠期高血压", "O14": "子痫前期", "O15": "子痫", "O24": "妊娠合并糖尿病", "O24.4": "妊娠期糖尿病"},
    **{"O30": "多胎妊娠", "O32": "胎位异常", "O34.2": "瘢痕子宫", "O36.0": "Rh 同种免疫", "O40": "羊水过多"},
    **{"O41.0": "羊水过少", "O42": "胎膜早破", "O43.2": "胎盘植入", "O44": "前置胎盘", "O45": "胎盘早剥"},
    **{"O60": "早产", "O71.1": "子宫破裂", "O72": "产后出血", "O85": "产褥期脓毒症", "O88.1": "羊水栓塞"},
    **{"O90.3": "围产期心肌病", "O98.1": "妊娠合并梅毒", "O98.4": "妊娠合并病毒性肝炎", "O98.7": "妊娠合并 HIV 感染"},
    **{"O99.0": "妊娠合并贫血", "O99.4": "妊娠合并心脏病", "P95": "死胎", "F53": "产褥期精神障碍"},
}


def name_of(system: str | None, code: str) -> str | None:
    """Of the code, or of the category that it belongs to."""
    if system not in (ICD10, ICD10_CN):
        return None
    return next((NAMES[part] for part in (code[:5], code[:3]) if part in NAMES), None)
