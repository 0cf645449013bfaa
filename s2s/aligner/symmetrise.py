"""One alignment from those of both directions: grow-diag-final-and (Koehn, Och and Marcu 2003; Koehn et al. 2005)."""

from __future__ import annotations

from s2s.data.batches import Links

NEIGHBOURS = tuple((ds, dt) for ds in (-1, 0, 1) for dt in (-1, 0, 1) if (ds, dt) != (0, 0))


def grow_diag_final_and(forward: Links, backward: Links) -> Links:
    """Start from the links of both directions and add some that only one direction has.

    First, again and again, a link beside one that is in, diagonally too, if its source or its target word has none;
    then any link whose source and target word both have none.

    >>> sorted(grow_diag_final_and(frozenset({(0, 0), (1, 1), (1, 2)}), frozenset({(0, 0), (1, 1), (3, 4)})))
    [(0, 0), (1, 1), (1, 2), (3, 4)]
    """
    linked, either = set(forward & backward), forward | backward
    sources, targets = {s for s, _ in linked}, {t for _, t in linked}

    def add(link: tuple[int, int]) -> None:
        linked.add(link)
        sources.add(link[0])
        targets.add(link[1])

    queue = sorted(linked)
    for s, t in queue:  # grows
        for link in ((s + ds, t + dt) for ds, dt in NEIGHBOURS):
            if link in either and link not in linked and (link[0] not in sources or link[1] not in targets):
                add(link)
                queue.append(link)
    for link in (*sorted(forward), *sorted(backward)):
        if link[0] not in sources and link[1] not in targets:
            add(link)
    return frozenset(linked)
