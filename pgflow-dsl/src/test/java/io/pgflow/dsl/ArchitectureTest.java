package io.pgflow.dsl;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.pgflow.internal.arch.MayUse;
import java.sql.Connection;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds every package to what its package-info says: the exported packages of the floor below, and nothing else. */
class ArchitectureTest {

    private static final String ROOT = "io.pgflow.";

    private final JavaClasses dsl = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> location.contains("pgflow-dsl"))
            .importPackages("io.pgflow.dsl");

    @TestFactory
    Stream<DynamicTest> each_package_uses_only_what_its_package_info_says() {
        return packages()
                .map(of -> DynamicTest.dynamicTest(
                        of.getName(),
                        () -> classes()
                                .that()
                                .resideInAPackage(of.getName())
                                .should()
                                .onlyDependOnClassesThat(
                                        not(resideInAPackage("io.pgflow..")).or(resideInAnyPackage(allowed(of))))
                                .check(dsl)));
    }

    @Test
    void both_packages_say_what_they_use() {
        assertThat(packages().map(JavaPackage::getName))
                .containsExactlyInAnyOrder("io.pgflow.dsl", "io.pgflow.dsl.annotation");
    }

    @Test
    void packages_form_no_cycle() {
        slices().matching("io.pgflow.(**)").should().beFreeOfCycles().check(dsl);
    }

    /** A connection is passed on to a transactional step; nothing here uses one. */
    @Test
    void json_and_sql_are_the_business_of_other_packages() {
        noClasses()
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("tools.jackson..", "com.fasterxml..", "org.jooq..", "java.sql..")
                                .and(not(type(Connection.class))))
                .check(dsl);
    }

    private Stream<JavaPackage> packages() {
        JavaPackage root = dsl.getPackage("io.pgflow.dsl");
        return Stream.concat(Stream.of(root), root.getSubpackagesInTree().stream())
                .filter(candidate -> candidate.isAnnotatedWith(MayUse.class));
    }

    private static String[] allowed(JavaPackage of) {
        String[] named = of.getAnnotationOfType(MayUse.class).value();
        return Stream.concat(
                        Stream.of(of.getName(), ROOT + "internal.arch"),
                        Arrays.stream(named).map(name -> ROOT + name))
                .toArray(String[]::new);
    }
}
