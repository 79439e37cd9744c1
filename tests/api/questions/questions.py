"""Ask a server random questions about random data sets, and compare its answers with those expected.

    python3 questions.py --binary PATH --seed N --questions N [--kinds KIND ...] [--database-url URL]

The expected answers are calculated from what the descriptions in the GraphQL schema say, by
nothing of the server's. Each difference is printed with its seed and the number of its question,
which give it again; the exit code is 1 if there is any.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from random import Random

from answers import Question
from changes import changes_question, proportions_question
from comparisons import comparison_question
from data_set import DataSet
from draw import Draw
from draw_data_set import draw_data_set
from groups import groups_question, list_question
from latest import latest_question
from rankings import ranking_question, unranked_question
from series import series_question
from server import BATCH, Server
from summaries import summary_question

KINDS = {
    "list": list_question, "groups": groups_question, "summary": summary_question,
    "latest": latest_question, "ranking": ranking_question, "unranked": unranked_question,
    "comparison": comparison_question, "series": series_question, "changes": changes_question,
    "proportions": proportions_question,
}
#: How many questions are asked about a data set.
QUESTIONS_OF_A_DATA_SET = 500


def drawn_questions(seed: int, data: DataSet, kinds: list[str]) -> Iterator[tuple[int, str, Question]]:
    """Questions without end, each with its number and kind; a number always has the same question."""
    for number in count(1):
        random = Random(f"{seed} {number}")
        kind = random.choice([*KINDS])
        if kind in kinds:
            yield number, kind, KINDS[kind](Draw(data, random))


def ask(seed: int, amount: int, options: argparse.Namespace) -> Counter:
    """Ask questions about the data set of a seed, print the differences, and count the answers."""
    data = draw_data_set(Random(seed))
    drawn = drawn_questions(seed, data, options.kinds)
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data.write(folder)
        with Server(options.binary.resolve(), folder, options.database_url) as server:
            (answer,) = server.send([{"query": "{ observations { totalCount } }"}])
            if answer["data"]["observations"]["totalCount"] != len(data.figures):
                raise SystemExit("the database was not empty before")
            while batch := list(islice(drawn, min(BATCH, amount - counts.total()))):
                answers = server.send([{"query": q.query, "variables": q.variables} for _, _, q in batch])
                for (number, kind, question), answer in zip(batch, answers, strict=True):
                    differences = question.differences(answer)
                    counts["differed" if differences else "agreed"] += 1
                    if differences:
                        print(f"seed {seed}, question {number} ({kind}): {json.dumps(question.variables)}")
                        for line in differences if options.verbose else differences[:5]:
                            print(f"  {line}")
                        if options.verbose:
                            print(question.query)
    return counts


def main() -> int:
    """Ask as many questions as wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True, help="the server to test")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first data set")
    parser.add_argument("--questions", type=int, default=QUESTIONS_OF_A_DATA_SET, help="how many questions to ask")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS], help="what to ask; all when left out")
    parser.add_argument("--database-url", help="an empty database; an SQLite file for each data set when left out")
    parser.add_argument("--verbose", action="store_true", help="print queries, and all of each difference")
    options = parser.parse_args()
    if options.database_url and options.questions > QUESTIONS_OF_A_DATA_SET:
        parser.error(f"with --database-url there is one data set, with {QUESTIONS_OF_A_DATA_SET} questions at the most")
    counts: Counter = Counter()
    for seed, start in enumerate(range(0, options.questions, QUESTIONS_OF_A_DATA_SET), options.seed):
        counts += ask(seed, min(QUESTIONS_OF_A_DATA_SET, options.questions - start), options)
    print(f"{counts['agreed']} answers agreed, {counts['differed']} differed")
    return 1 if counts["differed"] else 0


if __name__ == "__main__":
    sys.exit(main())
