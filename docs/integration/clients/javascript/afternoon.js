/** An integrator's afternoon with fhir-kit-client: docs/integration/clients/README.md says what it shows and what it prints. */

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { once, EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Client } from "fhir-kit-client";
import { SignJWT, importJWK } from "jose";

const given = (name, otherwise) => process.env[name] ?? otherwise;
const BASE = given("YUNTU", "http://127.0.0.1:8000");
const KEY = JSON.parse(readFileSync(given("YUNTU_KEY", "var/his-demo-key.json"), "utf8"));
const SECRET = readFileSync(given("YUNTU_SECRET", "var/his-demo-secret.txt"), "utf8").trim();
const HOOK = new URL(given("YUNTU_HOOK", "http://127.0.0.1:9009/told"));
const WOMAN = given("YUNTU_WOMAN", "999999199508171548");
const LOINC = "http://loinc.org";
const UCUM = "http://unitsofmeasure.org";

/** A calendar date where this machine is, so many days ago. */
function day(ago) {
  const then = new Date(Date.now() - ago * 86_400_000);
  return new Date(then - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function fromGuide(name) {
  const text = readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
  return JSON.parse(text.replaceAll("999999199508171548", WOMAN).replaceAll("{{TODAY}}", day(0)).replaceAll("{{LMP}}", day(56)));
}

// 1. A token, as SMART Backend Services has it: the address from the server, an assertion signed with our key.
const client = new Client({ baseUrl: `${BASE}/fhir` });
const { tokenUrl } = await client.smartAuthMetadata();
const assertion = await new SignJWT({})
  .setProtectedHeader({ alg: "ES384", kid: KEY.kid })
  .setIssuer("his-demo")
  .setSubject("his-demo")
  .setAudience(String(tokenUrl))
  .setExpirationTime("4m")
  .setJti(randomUUID())
  .sign(await importJWK(KEY, "ES384"));
const granted = await fetch(tokenUrl, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    scope: "system/*.cruds",
    client_assertion: assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  }),
}).then((answer) => answer.json());
client.bearerToken = granted.access_token;
console.log("token:", granted.scope);

// 2. A subscription, and somebody who takes what comes: the mark is checked before anything is read.
const came = new EventEmitter();
const told = [];
const receiver = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const mark = Object.fromEntries(request.headers["x-mch-signature"].split(",").map((part) => part.split("=")));
  const wanted = createHmac("sha256", SECRET).update(`${mark.t}.`).update(body).digest();
  const genuine = timingSafeEqual(wanted, Buffer.from(mark.v1, "hex")) && Math.abs(Date.now() / 1000 - mark.t) < 300;
  response.writeHead(genuine ? 200 : 401, { "Content-Length": 0 }).end();
  if (genuine) {
    told.push(JSON.parse(body));
    came.emit("told");
  }
}).listen(HOOK.port, HOOK.hostname);

async function toldUntil(enough) {
  while (!enough()) await once(came, "told", { signal: AbortSignal.timeout(30_000) });
}

function focuses(notification) {
  const events = notification.entry[0].resource.parameter.filter((one) => one.name === "notification-event");
  const found = events.flatMap((one) => one.part).filter((part) => part.name === "focus");
  return found.map((part) => part.valueReference.reference.replace(`${BASE}/fhir/`, ""));
}

const subscription = await client.create({
  resourceType: "Subscription",
  body: {
    resourceType: "Subscription",
    status: "requested",
    reason: "what becomes of tasks",
    criteria: "https://fhir.example.org/mch/SubscriptionTopic/task-status",
    channel: { type: "rest-hook", endpoint: HOOK.href, payload: "application/fhir+json" },
  },
});
await toldUntil(() => told.length > 0); // the handshake
let status = "requested"; // while our answer to it is still being noted
while (status === "requested") ({ status } = await client.read({ resourceType: "Subscription", id: subscription.id }));
console.log("subscription:", status);

// 3. A woman: one transaction, in which she is made only if nobody has her identity number.
const answer = await client.transaction({ body: fromGuide("registration-bundle.json") });
const patient = answer.entry[0].response.location.match(/Patient\/[^/]+/)[0];
const episodes = await client.search({ resourceType: "EpisodeOfCare", searchParams: { patient, status: "active" } });
const episode = episodes.entry[0].resource.id;
console.log("case:", episode);

// 4. What was measured and what the laboratory found.
const observation = (code, more) => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: LOINC, code }] },
  subject: { reference: patient },
  effectiveDateTime: new Date().toISOString(),
  ...more,
});
const pressure = (code, value) => ({
  code: { coding: [{ system: LOINC, code }] },
  valueQuantity: { value, unit: "mmHg", system: UCUM, code: "mm[Hg]" },
});
await client.create({
  resourceType: "Observation",
  body: observation("85354-9", { component: [pressure("8480-6", 118), pressure("8462-4", 76)] }),
});
const haemoglobin = {
  resourceType: "Observation",
  body: observation("718-7", {
    identifier: [{ system: "https://his.example/lab", value: `hb-${episode}` }],
    valueQuantity: { value: 112, unit: "g/L", system: UCUM, code: "g/L" },
  }),
  options: { headers: { "If-None-Exist": `identifier=https://his.example/lab|hb-${episode}` } },
};
const [first, again] = [await client.create(haemoglobin), await client.create(haemoglobin)];
console.log("results:", first.id === again.id ? 2 : "one of them twice");

// 5. The work list, page by page, each task with its patient.
let page = await client.search({
  resourceType: "Task",
  searchParams: { status: "ready,accepted,in-progress", _include: "Task:patient", _sort: "due", _count: 2 },
});
const found = [];
let pages = 0;
for (; page; page = await client.nextPage({ bundle: page })) {
  found.push(...page.entry);
  pages += 1;
}
const withPatients = found.some((entry) => entry.search.mode === "include");
console.log("work list:", pages > 1 ? "paged" : "one page", withPatients ? "with patients" : "without patients");
const task = found.map((entry) => entry.resource).find((one) => one.for?.reference === patient);

// 6. Her first task: taken, then finished with the form that it asks for.
const taken = await client.update({
  resourceType: "Task",
  id: task.id,
  body: { ...task, status: "accepted" },
  options: { headers: { "If-Match": `W/"${task.meta.versionId}"` } },
});
const form = fromGuide("registration-response.json");
form.questionnaire = task.input[0].valueCanonical;
form.subject = { reference: patient };
form.basedOn = [{ reference: `Task/${task.id}` }];
await client.create({ resourceType: "QuestionnaireResponse", body: form });
console.log("task:", taken.status, (await client.read({ resourceType: "Task", id: task.id })).status);

// 7. What is wrong is said where it is wrong.
try {
  const wrong = { valueQuantity: { value: 112, unit: "g/L", code: "g/L" } }; // whose code?
  await client.create({ resourceType: "Observation", body: observation("718-7", wrong) });
} catch (error) {
  console.log("refused:", error.response.data.issue[0].expression[0]);
}

// 8. What we were told meanwhile.
const changes = () => told.flatMap(focuses).filter((focus) => focus === `Task/${task.id}`).length;
await toldUntil(() => changes() >= 3);
console.log("told: three changes of the task");
await client.delete({ resourceType: "Subscription", id: subscription.id });
receiver.close();

// 9. How the task came to where it is.
const history = await client.history({ resourceType: "Task", id: task.id });
console.log("history:", ...history.entry.map((entry) => entry.resource.status));
