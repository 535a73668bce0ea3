package io.pgflow;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.pgflow.internal.arch.MayUse;
import io.pgflow.internal.arch.ModulePrivate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds every package to what its package-info says, and the public API to the types of the JDK. */
class ArchitectureTest {

    private static final String ROOT = "io.pgflow";

    /** Packages of other modules that start with the same words. */
    private static final String[] OTHER_MODULES = {
        ROOT + ".notify..", ROOT + ".sql..", ROOT + ".embedded..", ROOT + ".dsl.."
    };

    private final JavaClasses core = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> location.contains("pgflow-core") && !location.contains("/store/schema/"))
            .importPackages(ROOT);

    @TestFactory
    Stream<DynamicTest> each_package_uses_only_what_its_package_info_says() {
        return packages()
                .map(name -> DynamicTest.dynamicTest(
                        name.getName(),
                        () -> classes()
                                .that()
                                .resideInAPackage(name.getName())
                                .should()
                                .onlyDependOnClassesThat(not(resideInAPackage(ROOT + ".."))
                                        .or(resideInAnyPackage(OTHER_MODULES))
                                        .or(resideInAPackage(ROOT).and(assignableTo(PgflowException.class)))
                                        .or(assignableTo(PgflowSettings.class)
                                                .or(assignableTo(PgflowSettings.Builder.class)))
                                        .or(resideInAnyPackage(allowed(name))))
                                .check(core)));
    }

    @Test
    void every_package_says_what_it_uses() {
        assertThat(packages().map(JavaPackage::getName))
                .containsExactlyInAnyOrderElementsOf(core.stream()
                        .filter(type -> !type.getSimpleName().equals("package-info")
                                && !type.getSimpleName().equals("module-info"))
                        .map(JavaClass::getPackageName)
                        .distinct()
                        .toList());
    }

    @Test
    void packages_form_no_cycle() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(core);
    }

    @Test
    void only_the_json_package_knows_jackson() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.json..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("tools.jackson..", "com.fasterxml.jackson..")
                .check(core);
    }

    @Test
    void only_the_store_knows_jooq() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".internal.store..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.jooq..")
                .allowEmptyShould(true)
                .check(core);
    }

    @Test
    void exported_signatures_use_types_of_the_jdk_and_of_the_exported_packages_only() {
        List<String> foreign = new ArrayList<>();
        for (JavaClass type : core) {
            if (isExported(type) && type.getModifiers().contains(JavaModifier.PUBLIC)) {
                type.getCodeUnits().stream()
                        .filter(unit -> !unit.isAnnotatedWith(ModulePrivate.class))
                        .filter(unit -> unit.getModifiers().contains(JavaModifier.PUBLIC)
                                || unit.getModifiers().contains(JavaModifier.PROTECTED))
                        .forEach(unit ->
                                foreignTypes(unit).forEach(name -> foreign.add(unit.getFullName() + ": " + name)));
            }
        }

        assertThat(foreign).isEmpty();
    }

    private static Stream<String> foreignTypes(JavaCodeUnit unit) {
        return Stream.of(
                        unit.getReturnType().getAllInvolvedRawTypes(),
                        unit.getParameterTypes().stream()
                                .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                                .toList(),
                        unit.getExceptionTypes())
                .flatMap(Collection::stream)
                .map(JavaClass::getBaseComponentType)
                .filter(type -> !type.isPrimitive() && !type.getPackageName().startsWith("java"))
                .filter(type -> !isExported(type))
                .map(JavaClass::getName);
    }

    private static boolean isExported(JavaClass type) {
        return type.getPackageName().startsWith(ROOT) && !type.getPackageName().contains(".internal");
    }

    private Stream<JavaPackage> packages() {
        JavaPackage root = core.getPackage(ROOT);
        return Stream.concat(Stream.of(root), root.getSubpackagesInTree().stream())
                .filter(candidate -> candidate.isAnnotatedWith(MayUse.class));
    }

    private static String[] allowed(JavaPackage of) {
        Stream<String> own = Stream.of(of.getName(), ROOT + ".internal.arch");
        String[] named = of.getAnnotationOfType(MayUse.class).value();
        return Stream.concat(own, Arrays.stream(named).map(name -> ROOT + "." + name + ".."))
                .toArray(String[]::new);
    }
}
