"""Programs that send a file, with this portal's own address; tests run each of them as it stands.

Each reads the key from TALLYDOCK_KEY and takes the file's name as its argument; they need nothing
but the language itself.
"""

from string import Template

from server.portal.dataset_parts import Snippet

_CURL = Template("""\
FILE=$file
told() { sed -n "s/.*\\"$$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p"; }
TICKET=$$(curl -sSf "$url/analytics/files/upload" \\
  -H "authorization: Bearer $$TALLYDOCK_KEY" -H "content-type: application/json" \\
  -d '{"datasetType": "$dataset", "file": {"name": "'"$$FILE"'", "type": "csv"}}')
curl -sSf --request PUT --upload-file "$$FILE" "$$(echo "$$TICKET" | told uploadUrl)"
curl -sSf -H "authorization: Bearer $$TALLYDOCK_KEY" \\
  "$url/analytics/files/$$(echo "$$TICKET" | told id)"
""")

_PYTHON = Template("""\
import json, os, time
from pathlib import Path
from urllib.request import Request, urlopen

URL = "$url/analytics/files"
HEADERS = {
    "authorization": "Bearer " + os.environ["TALLYDOCK_KEY"],
    "content-type": "application/json",
}

def call(path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    with urlopen(Request(URL + path, data, HEADERS)) as answer:
        return json.load(answer)

file = Path("$file")
ticket = call("/upload", {"datasetType": "$dataset", "file": {"name": file.name, "type": "csv"}})
urlopen(Request(ticket["uploadUrl"], file.read_bytes(), method="PUT")).close()
while (told := call("/" + ticket["id"]))["status"] not in ("Completed", "Failed"):
    time.sleep(1)
print(told["status"], told["outcome"], told["statistics"])
""")

_JAVASCRIPT = Template("""\
import { readFile } from "node:fs/promises";

const url = "$url/analytics/files";
const headers = {
  authorization: `Bearer $${process.env.TALLYDOCK_KEY}`,
  "content-type": "application/json",
};

async function call(path, body) {
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const answer = await fetch(url + path, { headers, ...options });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const name = "$file";
const ticket = await call("/upload", { datasetType: "$dataset", file: { name, type: "csv" } });
const put = await fetch(ticket.uploadUrl, { method: "PUT", body: await readFile(name) });
if (!put.ok) throw new Error(`The storage answered $${put.status}`);
let told;
do {
  await new Promise((go) => setTimeout(go, 1000));
  told = await call(`/$${ticket.id}`);
} while (!["Completed", "Failed"].includes(told.status));
console.log(told.status, told.outcome, told.statistics);
""")

_LANGUAGES = (
    ("curl", "curl", _CURL),
    ("Python", "python", _PYTHON),
    ("JavaScript (Node.js)", "javascript", _JAVASCRIPT),
)


def snippets_of(dataset: str, base_url: str) -> tuple[Snippet, ...]:
    """Return a program a language that sends `<dataset>.csv` and tells what became of it."""
    return tuple(
        Snippet(
            language,
            name,
            program.substitute(url=base_url, dataset=dataset, file=f"{dataset}.csv").rstrip(),
        )
        for language, name, program in _LANGUAGES
    )
