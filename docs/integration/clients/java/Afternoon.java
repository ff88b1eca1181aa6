import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Bundle.BundleEntryComponent;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.DateTimeType;
import org.hl7.fhir.r4.model.EpisodeOfCare;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Parameters.ParametersParameterComponent;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.QuestionnaireResponse;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.Subscription;
import org.hl7.fhir.r4.model.Task;

/** An integrator's afternoon with HAPI FHIR: docs/integration/clients/README.md says what it shows and what it prints. */
public class Afternoon {
  static final String BASE = given("YUNTU", "http://127.0.0.1:8000"), FHIR = BASE + "/fhir";
  static final String HOOK = given("YUNTU_HOOK", "http://127.0.0.1:9009/told");
  static final String WOMAN = given("YUNTU_WOMAN", "999999199508171548");
  static final Path GUIDE = Path.of(given("YUNTU_GUIDE", "docs/integration"));
  static final String LOINC = "http://loinc.org", UCUM = "http://unitsofmeasure.org";
  static final FhirContext R4 = FhirContext.forR4();
  static final BlockingQueue<Bundle> TOLD = new LinkedBlockingQueue<>();

  public static void main(String[] args) throws Exception {
    // 1. A token, as SMART Backend Services has it: the address from the server, an assertion signed with our key.
    IGenericClient client = R4.newRestfulGenericClient(FHIR);
    client.registerInterceptor(new BearerTokenAuthInterceptor(token()));

    // 2. A subscription, and somebody who takes what comes: the mark is checked before anything is read.
    HttpServer receiver = HttpServer.create(new InetSocketAddress("127.0.0.1", URI.create(HOOK).getPort()), 0);
    receiver.createContext(URI.create(HOOK).getPath(), Afternoon::take);
    Thread listening = new Thread(receiver::start);
    listening.setDaemon(true); // what it starts is so too, and the program ends with `main`
    listening.start();
    Subscription wish = new Subscription().setStatus(Subscription.SubscriptionStatus.REQUESTED);
    wish.setReason("what becomes of tasks").setCriteria("https://fhir.example.org/mch/SubscriptionTopic/task-status");
    wish.getChannel().setType(Subscription.SubscriptionChannelType.RESTHOOK).setEndpoint(HOOK);
    wish.getChannel().setPayload("application/fhir+json");
    IdType subscription = (IdType) client.create().resource(wish).execute().getId().toUnqualifiedVersionless();
    TOLD.poll(30, TimeUnit.SECONDS); // the handshake
    do { // our answer to it may still be being noted
      wish = client.read().resource(Subscription.class).withId(subscription).execute();
    } while (wish.getStatus() == Subscription.SubscriptionStatus.REQUESTED);
    System.out.println("subscription: " + wish.getStatus().toCode());

    // 3. A woman: one transaction, in which she is made only if nobody has her identity number.
    Bundle answer = client.transaction().withBundle(fromGuide(Bundle.class, "registration-bundle.json")).execute();
    IdType patient = new IdType(answer.getEntryFirstRep().getResponse().getLocation()).toUnqualifiedVersionless();
    Bundle episodes = client.search().forResource(EpisodeOfCare.class)
        .where(EpisodeOfCare.PATIENT.hasId(patient)).and(EpisodeOfCare.STATUS.exactly().code("active"))
        .returnBundle(Bundle.class).execute();
    String episode = episodes.getEntryFirstRep().getResource().getIdElement().getIdPart();
    System.out.println("case: " + episode);

    // 4. What was measured and what the laboratory found.
    Observation pressure = observation("85354-9", patient);
    for (Map.Entry<String, Integer> one : Map.of("8480-6", 118, "8462-4", 76).entrySet()) {
      pressure.addComponent().setCode(coded(one.getKey())).setValue(quantity(one.getValue(), "mmHg", "mm[Hg]"));
    }
    client.create().resource(pressure).execute();
    Observation haemoglobin = observation("718-7", patient);
    haemoglobin.setValue(quantity(112, "g/L", "g/L")).addIdentifier().setSystem("https://his.example/lab").setValue("hb-" + episode);
    String byNumber = "Observation?identifier=https://his.example/lab|hb-" + episode;
    MethodOutcome first = client.create().resource(haemoglobin).conditionalByUrl(byNumber).execute();
    MethodOutcome again = client.create().resource(haemoglobin).conditionalByUrl(byNumber).execute();
    boolean once = Boolean.TRUE.equals(first.getCreated()) && first.getId().getIdPart().equals(again.getId().getIdPart());
    System.out.println("results: " + (once ? "2" : "one of them twice"));

    // 5. The work list, page by page, each task with its patient.
    Bundle page = client.search().forResource(Task.class)
        .where(Task.STATUS.exactly().codes("ready", "accepted", "in-progress")).include(Task.INCLUDE_PATIENT)
        .sort().ascending("due").count(2).returnBundle(Bundle.class).execute();
    int pages = 1, patients = 0;
    Task task = null;
    while (true) {
      for (BundleEntryComponent entry : page.getEntry()) {
        if (entry.getResource() instanceof Patient) patients++;
        if (entry.getResource() instanceof Task found && patient.getValue().equals(found.getFor().getReference())) task = found;
      }
      if (page.getLink(Bundle.LINK_NEXT) == null) break;
      page = client.loadPage().next(page).execute();
      pages++;
    }
    System.out.println("work list: " + (pages > 1 ? "paged" : "one page") + (patients > 0 ? " with patients" : " without patients"));

    // 6. Her first task: taken (HAPI sends If-Match by the version it read), then finished with the form it asks for.
    task.setStatus(Task.TaskStatus.ACCEPTED);
    Task taken = (Task) client.update().resource(task).execute().getResource();
    QuestionnaireResponse form = fromGuide(QuestionnaireResponse.class, "registration-response.json");
    form.setQuestionnaire(task.getInputFirstRep().getValue().primitiveValue()).setSubject(new Reference(patient));
    form.addBasedOn(new Reference(task.getIdElement().toUnqualifiedVersionless()));
    client.create().resource(form).execute();
    IdType id = task.getIdElement().toUnqualifiedVersionless();
    Task done = client.read().resource(Task.class).withId(id).execute();
    System.out.println("task: " + taken.getStatus().toCode() + " " + done.getStatus().toCode());

    // 7. What is wrong is said where it is wrong.
    try {
      Quantity wrong = quantity(112, "g/L", "g/L").setSystem(null); // whose code?
      client.create().resource(observation("718-7", patient).setValue(wrong)).execute();
    } catch (UnprocessableEntityException refused) {
      OperationOutcome why = (OperationOutcome) refused.getOperationOutcome();
      System.out.println("refused: " + why.getIssueFirstRep().getExpression().get(0));
    }

    // 8. What we were told meanwhile.
    List<String> heard = new ArrayList<>();
    while (heard.stream().filter(id.getValue()::equals).count() < 3) {
      heard.addAll(focuses(TOLD.poll(30, TimeUnit.SECONDS)));
    }
    System.out.println("told: three changes of the task");
    client.delete().resourceById(subscription).execute();
    receiver.stop(0);

    // 9. How the task came to where it is.
    Bundle history = client.history().onInstance(id).returnBundle(Bundle.class).execute();
    System.out.println("history: " + history.getEntry().stream()
        .map(entry -> ((Task) entry.getResource()).getStatus().toCode()).collect(Collectors.joining(" ")));
  }

  static String token() throws Exception {
    ObjectMapper json = new ObjectMapper();
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest ask = HttpRequest.newBuilder(URI.create(FHIR + "/.well-known/smart-configuration")).build();
    String address = json.readTree(http.send(ask, HttpResponse.BodyHandlers.ofString()).body()).get("token_endpoint").asText();
    ECKey key = ECKey.parse(Files.readString(Path.of(given("YUNTU_KEY", "var/his-demo-key.json"))));
    JWTClaimsSet claims = new JWTClaimsSet.Builder().issuer("his-demo").subject("his-demo").audience(address)
        .expirationTime(new Date(System.currentTimeMillis() + 240_000)).jwtID(UUID.randomUUID().toString()).build();
    SignedJWT assertion = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES384).keyID(key.getKeyID()).build(), claims);
    assertion.sign(new ECDSASigner(key));
    String form = Map.of("grant_type", "client_credentials", "scope", "system/*.cruds", "client_assertion", assertion.serialize(),
        "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer").entrySet().stream()
        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), StandardCharsets.UTF_8)).collect(Collectors.joining("&"));
    HttpRequest sign = HttpRequest.newBuilder(URI.create(address)).header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form)).build();
    JsonNode granted = json.readTree(http.send(sign, HttpResponse.BodyHandlers.ofString()).body());
    System.out.println("token: " + granted.get("scope").asText());
    return granted.get("access_token").asText();
  }

  static void take(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    boolean genuine = isGenuine(exchange.getRequestHeaders().getFirst("X-MCH-Signature"), body);
    exchange.sendResponseHeaders(genuine ? 200 : 401, -1);
    exchange.close();
    if (genuine) TOLD.add(R4.newJsonParser().parseResource(Bundle.class, new String(body, StandardCharsets.UTF_8)));
  }

  static boolean isGenuine(String mark, byte[] body) throws IOException {
    String[] parts = mark.split("[=,]"); // t=…,v1=…
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      String secret = Files.readString(Path.of(given("YUNTU_SECRET", "var/his-demo-secret.txt"))).strip();
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      mac.update((parts[1] + ".").getBytes(StandardCharsets.UTF_8));
      String wanted = HexFormat.of().formatHex(mac.doFinal(body));
      boolean isNow = Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(parts[1])) < 300;
      return isNow && MessageDigest.isEqual(wanted.getBytes(StandardCharsets.UTF_8), parts[3].getBytes(StandardCharsets.UTF_8));
    } catch (java.security.GeneralSecurityException fault) {
      throw new IOException(fault);
    }
  }

  static List<String> focuses(Bundle notification) {
    return ((Parameters) notification.getEntryFirstRep().getResource()).getParameter().stream()
        .filter(one -> one.getName().equals("notification-event")).flatMap(one -> one.getPart().stream())
        .filter(part -> part.getName().equals("focus")).map(ParametersParameterComponent::getValue)
        .map(value -> ((Reference) value).getReferenceElement().toUnqualifiedVersionless().getValue()).toList();
  }

  static <T extends org.hl7.fhir.r4.model.Resource> T fromGuide(Class<T> type, String name) throws IOException {
    String text = Files.readString(GUIDE.resolve(name)).replace("999999199508171548", WOMAN)
        .replace("{{TODAY}}", LocalDate.now().toString()).replace("{{LMP}}", LocalDate.now().minusWeeks(8).toString());
    return R4.newJsonParser().parseResource(type, text);
  }

  static Observation observation(String code, IdType patient) {
    return new Observation().setStatus(Observation.ObservationStatus.FINAL).setCode(coded(code))
        .setSubject(new Reference(patient)).setEffective(DateTimeType.now());
  }

  static CodeableConcept coded(String code) {
    CodeableConcept concept = new CodeableConcept();
    concept.addCoding().setSystem(LOINC).setCode(code);
    return concept;
  }

  static Quantity quantity(int value, String unit, String code) {
    return new Quantity().setValue(value).setUnit(unit).setSystem(UCUM).setCode(code);
  }

  static String given(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }
}
