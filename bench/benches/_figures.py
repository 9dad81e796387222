"""Figures with a goal: shared by the benches."""


def at_most(name, value, unit, goal):
    return {"name": name, "value": value, "unit": unit, "goal": f"<= {goal:g} {unit}", "reached": value <= goal}


def at_least(name, value, unit, goal):
    return {"name": name, "value": value, "unit": unit, "goal": f">= {goal:g} {unit}", "reached": value >= goal}


def plain(name, value, unit):
    return {"name": name, "value": value, "unit": unit}
