import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/** Reads a package's folder and says of every resource in it what R4, and the profile it claims, have against it. */
public class Check {
  public static void main(String[] given) throws Exception {
    Path folder = Path.of(given[0]);
    FhirContext context = FhirContext.forR4();
    PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
    List<Path> files = jsonIn(folder);
    for (Path file : files) {
      if (!file.getParent().getFileName().toString().equals("example")) {
        ours.addResource(context.newJsonParser().parseResource(Files.readString(file)));
      }
    }
    ValidationSupportChain chain = new ValidationSupportChain(
        new DefaultProfileValidationSupport(context), ours, new SnapshotGeneratingValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context), new InMemoryTerminologyServerValidationSupport(context));
    FhirInstanceValidator reader = new FhirInstanceValidator(chain);
    reader.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    FhirValidator validator = context.newValidator().registerValidatorModule(reader);
    int errors = 0;
    int unable = 0; // definitions of extensions: for their snapshots it wants a package from a server
    for (Path file : files) {
      for (SingleValidationMessage found : validator.validateWithResult(Files.readString(file)).getMessages()) {
        if (found.getMessage().contains("Unable to resolve package id hl7.fhir.r4.core")
            && file.getFileName().toString().startsWith("StructureDefinition-")) {
          unable++;
          continue;
        }
        boolean isError = found.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal();
        errors += isError ? 1 : 0;
        if (isError || given.length > 1) {
          System.out.println(found.getSeverity() + "\t" + folder.relativize(file) + "\t" + found.getLocationString() + "\t"
              + found.getMessage().replace('\n', ' '));
        }
      }
    }
    System.out.println("checked\t" + files.size() + "\terrors\t" + errors + "\tunable\t" + unable);
    System.exit(errors == 0 ? 0 : 1);
  }

  private static List<Path> jsonIn(Path folder) throws Exception {
    try (Stream<Path> found = Files.walk(folder)) {
      return found.filter(file -> file.toString().endsWith(".json"))
          .filter(file -> !file.getFileName().toString().startsWith(".") && !file.endsWith("package.json"))
          .sorted().toList();
    }
  }
}
