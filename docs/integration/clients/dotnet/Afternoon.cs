// An integrator's afternoon with Firely's Hl7.Fhir.R4 client: the steps of docs/integration/clients/README.md that differ
// from the other samples. Read, not run: see there.
//
//   dotnet add package Hl7.Fhir.R4
//   dotnet add package Microsoft.IdentityModel.JsonWebTokens

using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Rest;
using Hl7.Fhir.Serialization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Task = Hl7.Fhir.Model.Task;

const string Base = "http://127.0.0.1:8000", Me = "his-demo";
var http = new HttpClient();

// 1. A token: the address from the server, an assertion signed with our key (P-384, ES384).
var smart = await http.GetFromJsonAsync<JsonElement>($"{Base}/fhir/.well-known/smart-configuration");
var address = smart.GetProperty("token_endpoint").GetString();
var assertion = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
{
    Issuer = Me, Audience = address, Expires = DateTime.UtcNow.AddMinutes(4),
    Claims = new Dictionary<string, object> { ["sub"] = Me, ["jti"] = Guid.NewGuid().ToString("N") },
    SigningCredentials = new SigningCredentials(new JsonWebKey(File.ReadAllText("var/his-demo-key.json")), "ES384"),
});
var granted = await (await http.PostAsync(address, new FormUrlEncodedContent(new Dictionary<string, string>
{
    ["grant_type"] = "client_credentials", ["scope"] = "system/*.cruds", ["client_assertion"] = assertion,
    ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}))).Content.ReadFromJsonAsync<JsonElement>();
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", granted.GetProperty("access_token").GetString());

// The client reads the CapabilityStatement first; ReturnPreference is what our answers honour.
var client = new FhirClient($"{Base}/fhir", http, new FhirClientSettings
{
    PreferredFormat = ResourceFormat.Json, VerifyFhirVersion = true, ReturnPreference = ReturnPreference.Representation,
});

// 3. A woman, in one transaction.
var text = File.ReadAllText("docs/integration/registration-bundle.json")
    .Replace("{{TODAY}}", DateTime.Today.ToString("yyyy-MM-dd"))
    .Replace("{{LMP}}", DateTime.Today.AddDays(-56).ToString("yyyy-MM-dd"));
var answer = await client.TransactionAsync(new FhirJsonParser().Parse<Bundle>(text));
var patient = new ResourceIdentity(answer!.Entry[0].Response.Location).WithoutVersion();

// 4. A laboratory result, made once: the condition goes as If-None-Exist.
var haemoglobin = new Observation
{
    Status = ObservationStatus.Final, Code = new CodeableConcept("http://loinc.org", "718-7"),
    Subject = new ResourceReference($"Patient/{patient.Id}"), Effective = FhirDateTime.Now(),
    Value = new Quantity(112, "g/L", "http://unitsofmeasure.org"),
    Identifier = { new Identifier("https://his.example/lab", "hb-1") },
};
await client.ConditionalCreateAsync(haemoglobin, new SearchParams("identifier", "https://his.example/lab|hb-1"));

// 5. and 6. Her first task: found, taken with If-Match (`versionAware`), page after page where there are more.
Task? task = null;
var query = new SearchParams("status", "ready,accepted,in-progress").Include("Task:patient").OrderBy("due").LimitTo(20);
for (var page = await client.SearchAsync<Task>(query); page is not null; page = await client.ContinueAsync(page))
    task ??= page.Entry.Select(entry => entry.Resource).OfType<Task>().FirstOrDefault(one => one.For.Reference == $"Patient/{patient.Id}");
task!.Status = Task.TaskStatus.Accepted;
await client.UpdateAsync(task, versionAware: true);

// 7. What is wrong is said where it is wrong.
try
{
    haemoglobin.Value = new Quantity { Value = 112, Unit = "g/L", Code = "g/L" }; // whose code?
    await client.CreateAsync(haemoglobin);
}
catch (FhirOperationException refused)
{
    Console.WriteLine($"refused: {refused.Outcome!.Issue[0].Expression.First()}");
}

// 9. How the task came to where it is.
var history = await client.HistoryAsync($"Task/{task.Id}");
Console.WriteLine("history: " + string.Join(" ", history!.Entry.Select(entry => ((Task)entry.Resource).Status)));
