package javax.imageio.spi;

import java.util.*;
import java.util.function.Predicate;

/**
 * A registry of services of any kind, as Java had it up to version 8.
 *
 * From Java 9 on the class of that name takes the services of ImageIO alone, which ends libraries
 * that were written before. This one has the same methods and takes every class.
 */
public class ServiceRegistry {
    /** Chooses among providers. */
    public interface Filter {
        boolean filter(Object provider);
    }

    /** The providers of a category, each class once, and which goes before which. */
    private static final class Category {
        final Map<Class<?>, Object> providers = new LinkedHashMap<>();
        final Map<Object, Set<Object>> before = new IdentityHashMap<>();

        List<Object> ordered() {
            List<Object> out = new ArrayList<>();
            Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            for (Object provider : providers.values()) {
                visit(provider, seen, out);
            }
            return out;
        }

        private void visit(Object provider, Set<Object> seen, List<Object> out) {
            if (!seen.add(provider)) {
                return;
            }
            for (Object first : before.getOrDefault(provider, Set.of())) {
                visit(first, seen, out);
            }
            out.add(provider);
        }

        void forget(Object provider) {
            before.remove(provider);
            before.values().forEach(firsts -> firsts.remove(provider));
        }
    }

    private final Map<Class<?>, Category> categories = new LinkedHashMap<>();

    public ServiceRegistry(Iterator<Class<?>> categories) {
        if (categories == null) {
            throw new IllegalArgumentException("categories == null!");
        }
        while (categories.hasNext()) {
            this.categories.put(categories.next(), new Category());
        }
    }

    public static <T> Iterator<T> lookupProviders(Class<T> type, ClassLoader loader) {
        ServiceRegistry.class.getModule().addUses(Objects.requireNonNull(type));
        return ServiceLoader.load(type, loader).iterator();
    }

    public static <T> Iterator<T> lookupProviders(Class<T> type) {
        return lookupProviders(type, Thread.currentThread().getContextClassLoader());
    }

    public Iterator<Class<?>> getCategories() {
        return List.copyOf(categories.keySet()).iterator();
    }

    private Category category(Class<?> type) {
        Category found = categories.get(type);
        if (found == null) {
            throw new IllegalArgumentException("category unknown!");
        }
        return found;
    }

    public <T> boolean registerServiceProvider(T provider, Class<T> type) {
        Category category = category(type);
        if (!type.isInstance(provider)) {
            throw new ClassCastException(provider.getClass() + " is no " + type);
        }
        return put(provider, type, category);
    }

    private boolean put(Object provider, Class<?> type, Category category) {
        Object old = category.providers.get(provider.getClass());
        if (old != null) {
            remove(old, type, category);
        }
        category.providers.put(provider.getClass(), provider);
        if (provider instanceof RegisterableService service) {
            service.onRegistration(this, type);
        }
        return old == null;
    }

    private boolean remove(Object provider, Class<?> type, Category category) {
        if (category.providers.get(provider.getClass()) != provider) {
            return false;
        }
        category.providers.remove(provider.getClass());
        category.forget(provider);
        if (provider instanceof RegisterableService service) {
            service.onDeregistration(this, type);
        }
        return true;
    }

    public void registerServiceProvider(Object provider) {
        if (provider == null) {
            throw new IllegalArgumentException("provider == null!");
        }
        for (Map.Entry<Class<?>, Category> entry : categories.entrySet()) {
            if (entry.getKey().isInstance(provider)) {
                put(provider, entry.getKey(), entry.getValue());
            }
        }
    }

    public void registerServiceProviders(Iterator<?> providers) {
        if (providers == null) {
            throw new IllegalArgumentException("provider == null!");
        }
        while (providers.hasNext()) {
            registerServiceProvider(providers.next());
        }
    }

    public <T> boolean deregisterServiceProvider(T provider, Class<T> type) {
        return remove(provider, type, category(type));
    }

    public void deregisterServiceProvider(Object provider) {
        categories.forEach((type, category) -> remove(provider, type, category));
    }

    public boolean contains(Object provider) {
        return categories.values().stream().anyMatch(c -> c.providers.get(provider.getClass()) == provider);
    }

    public <T> Iterator<T> getServiceProviders(Class<T> type, boolean ordered) {
        return chosen(type, ordered, provider -> true);
    }

    public <T> Iterator<T> getServiceProviders(Class<T> type, Filter filter, boolean ordered) {
        return chosen(type, ordered, filter == null ? provider -> true : filter::filter);
    }

    private <T> Iterator<T> chosen(Class<T> type, boolean ordered, Predicate<Object> wanted) {
        Category category = category(type);
        Collection<Object> all = ordered ? category.ordered() : List.copyOf(category.providers.values());
        return all.stream().filter(wanted).map(type::cast).toList().iterator();
    }

    public <T> T getServiceProviderByClass(Class<T> type) {
        if (type == null) {
            throw new IllegalArgumentException("providerClass == null!");
        }
        return categories.values().stream()
                .map(c -> c.providers.get(type)).filter(type::isInstance).map(type::cast)
                .findFirst().orElse(null);
    }

    public <T> boolean setOrdering(Class<T> type, T first, T second) {
        return category(type).before
                .computeIfAbsent(second, k -> Collections.newSetFromMap(new IdentityHashMap<>())).add(first);
    }

    public <T> boolean unsetOrdering(Class<T> type, T first, T second) {
        return category(type).before.getOrDefault(second, new HashSet<>()).remove(first);
    }

    public void deregisterAll(Class<?> type) {
        Category category = category(type);
        List.copyOf(category.providers.values()).forEach(p -> remove(p, type, category));
    }

    public void deregisterAll() {
        List.copyOf(categories.keySet()).forEach(this::deregisterAll);
    }
}
