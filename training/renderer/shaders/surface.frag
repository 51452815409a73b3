#version 330
// What a part is made of: LABELS of scene.py, then what lies on the skin.
const int SKIN = 1, HAIR = 2, EYES = 3, TEETH = 4, BROWS = 6, LASHES = 7;

in vec3 v_view;
in vec3 v_normal;
in vec3 v_rest;
in vec2 v_uv;
in vec4 v_light;
const int kind = KIND;  // filled in for each kind of part
uniform sampler2DArray layers;   // textures of this part
uniform int layer[4];            // which of them are mixed
uniform float share[4];
uniform sampler2DShadow shadow;
uniform sampler3D noise;         // smooth, repeating, 0..1
uniform vec3 camera;
uniform vec3 key_direction;
uniform vec3 key, fill, sky, ground;
uniform vec3 tint, hair, cloth;
uniform float lips, blush, stubble, opacity;
out vec4 colour;
#include "collar.glsl"

vec4 painted() {
    vec4 sum = vec4(0.0);
    for (int k = 0; k < 4; k++)
        if (share[k] > 0.0) sum += share[k] * texture(layers, vec3(v_uv, float(layer[k])));
    return sum;
}

float lit() {
    vec3 place = v_light.xyz / v_light.w * 0.5 + 0.5;
    float sum = 0.0;
    for (int k = 0; k < 4; k++) {
        vec2 beside = (vec2(k & 1, k >> 1) - 0.5) * 0.012;
        sum += texture(shadow, vec3(place.xy + beside, place.z - 0.012));
    }
    return sum / 4.0;
}

// 1 inside an ellipsoid of the neutral face, soft at its border.
float near(vec3 centre, vec3 size) {
    vec3 away = (vec3(abs(v_rest.x), v_rest.yz) - centre) / size;
    return smoothstep(1.3, 0.6, length(away));
}

// Where hair grows on a jaw and over a lip.
float beard() {
    float x = abs(v_rest.x), y = v_rest.y;
    float line = 6.52 + 0.55 * smoothstep(0.35, 0.85, x);  // from the mouth's corner to the ear
    float jaw = smoothstep(line + 0.12, line - 0.12, y) * smoothstep(6.0, 6.25, y - 0.25 * x)
        * smoothstep(0.35, 0.75, v_rest.z);
    float upper = near(vec3(0.0, 6.74, 1.62), vec3(0.3, 0.08, 0.4));
    float beside = near(vec3(0.3, 6.6, 1.45), vec3(0.1, 0.2, 0.4));
    float mouth = near(vec3(0.0, 6.6, 1.6), vec3(0.25, 0.075, 0.5));
    return clamp(max(max(jaw, upper), 0.8 * beside) - 1.3 * mouth, 0.0, 1.0);
}

void main() {
    vec4 albedo = painted();
    albedo.rgb *= albedo.rgb;  // near enough to linear light, and cheap
    vec3 normal = normalize(gl_FrontFacing ? v_normal : -v_normal);
    vec3 eye = normalize(camera - v_view);
    float depth = 1.0, gloss = 0.25, power = 14.0, wrap = 0.25;
    vec3 scatter = vec3(0.0);
    if (kind == SKIN) {
        albedo.rgb *= tint;
        albedo.a = 1.0;
        float mouth = near(vec3(0.0, 6.6, 1.55), vec3(0.3, 0.1, 0.5));
        albedo.rgb *= mix(vec3(1.0), vec3(1.05, 0.72, 0.74), lips * mouth);
        float cheeks = near(vec3(0.45, 6.95, 1.3), vec3(0.28, 0.2, 0.5));
        albedo.rgb *= mix(vec3(1.0), vec3(1.06, 0.88, 0.88), blush * cheeks);
        float grain = texture(noise, v_rest * 1.1).r * 0.6 + texture(noise, v_rest * 2.7).r * 0.4;
        float hairs = clamp(stubble * beard() * (0.35 + 1.1 * grain), 0.0, 0.9);
        albedo.rgb = mix(albedo.rgb, 0.8 * hair + 0.12 * albedo.rgb, hairs);
        // The cavity of the mouth lies behind the lips: dark, more so the deeper.
        float inner = smoothstep(0.36, 0.28, abs(v_rest.x)) * smoothstep(6.3, 6.4, v_rest.y)
            * smoothstep(6.9, 6.8, v_rest.y) * smoothstep(0.5, 0.6, v_rest.z)
            * smoothstep(1.38, 1.26, v_rest.z + 0.9 * v_rest.x * v_rest.x);
        depth = mix(1.0, smoothstep(0.6, 1.5, v_rest.z) * 0.7 + 0.03, inner);
        gloss = mix(0.22, 0.5, mouth);
        scatter = vec3(0.10, 0.03, 0.02);
        float edge = above_collar(v_rest);
        if (edge < 0.0) {
            float weave = 0.94 + 0.12 * texture(noise, v_rest * 1.7).r;
            albedo.rgb = cloth * weave * mix(0.75, 1.0, smoothstep(0.0, -0.06, edge));
            gloss = 0.03; scatter = vec3(0.0);
        }
    } else if (kind == HAIR) {
        float grey = dot(albedo.rgb, vec3(0.3, 0.5, 0.2));
        albedo.rgb = hair * clamp(0.45 + 3.0 * grey, 0.35, 2.2);
        gloss = 0.35; power = 24.0; wrap = 0.4;
    } else if (kind == TEETH) {
        float deep = smoothstep(0.9, 1.5, v_rest.z);
        albedo.rgb = sqrt(albedo.rgb) * vec3(0.86, 0.83, 0.78);
        albedo.a = 1.0;
        depth = 0.08 + 0.92 * deep * smoothstep(0.34, 0.12, abs(v_rest.x));
        gloss = 0.5; power = 40.0;
    } else if (kind == EYES) {
        albedo.rgb *= 0.92;
        gloss = 1.3; power = 160.0; wrap = 0.35;
    } else if (kind == BROWS || kind == LASHES) {
        albedo.rgb = kind == BROWS ? 0.75 * hair : 0.3 * hair;
        albedo.a *= opacity;
        gloss = 0.0; wrap = 0.5;
    }
    float seen = lit();
    float facing = dot(normal, key_direction);
    float direct = clamp((facing + wrap) / (1.0 + wrap), 0.0, 1.0) * mix(0.25, 1.0, seen);
    vec3 around = mix(ground, sky, 0.5 + 0.5 * normal.y);
    vec3 side = fill * clamp(dot(normal, normalize(vec3(-key_direction.x, 0.1, 0.5))), 0.0, 1.0);
    vec3 light = key * direct + scatter * key * smoothstep(-0.4, 0.4, facing) + side + around;
    vec3 half_way = normalize(key_direction + eye);
    float shine = gloss * pow(max(dot(normal, half_way), 0.0), power) * seen;
    float rim = gloss * 0.25 * pow(1.0 - max(dot(normal, eye), 0.0), 4.0);
    vec3 result = albedo.rgb * light * depth + (shine * key + rim * sky) * depth * 0.35;
    result = result / (1.0 + 0.25 * result);  // highlights roll off
    colour = vec4(sqrt(max(result, 0.0)), albedo.a);
}
