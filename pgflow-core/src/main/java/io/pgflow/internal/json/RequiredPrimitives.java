package io.pgflow.internal.json;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;

/**
 * A primitive that is missing would silently become zero or false, and an amount of zero is worse than an error. A missing
 * object stays null: that is how types grow while runs are under way.
 */
final class RequiredPrimitives extends JacksonAnnotationIntrospector {

    private static final long serialVersionUID = 1;

    @Override
    public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
        boolean primitive =
                member instanceof AnnotatedParameter && member.getRawType().isPrimitive();
        return primitive ? Boolean.TRUE : super.hasRequiredMarker(config, member);
    }
}
